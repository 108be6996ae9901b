/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/program-life.h"
#include "util/macro.h"

/* The longest delay, in timeouts. */
#define TIMEOUTS_MAX 10U

void program_life_init(ProgramLife* life, usec_t timeout, usec_t now) {
        *life = (ProgramLife) {
                .state = PROGRAM_STARTING,
                .policy = {
                        .delay = max_u64(PROGRAM_DELAY_USEC, timeout),
                        .delay_max = max_u64(PROGRAM_DELAY_MAX_USEC, TIMEOUTS_MAX * timeout),
                        .reset_after = max_u64(PROGRAM_RESET_USEC, TIMEOUTS_MAX * timeout),
                },
        };
        backoff_reset(&life->backoff, now);
}

bool program_life_takes_questions(const ProgramLife* life) {
        return life->state == PROGRAM_STARTING || life->state == PROGRAM_RUNNING;
}

void program_life_runs(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_STARTING);
        life->state = PROGRAM_RUNNING;
        life->since = now;
}

void program_life_ended(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_RUNNING);
        life->state = PROGRAM_ENDED;
        life->next = saturating_add_u64(now, PROGRAM_EXIT_USEC);
}

void program_life_failed(ProgramLife* life, usec_t now, usec_t good_until) {
        usec_t good = 0;
        bool again;

        assert(program_life_takes_questions(life) || life->state == PROGRAM_ENDED);
        if (life->state != PROGRAM_STARTING && good_until > life->since)
                good = good_until - life->since;

        life->state = PROGRAM_WAITING;
        life->backoff.last_start = now;
        again = backoff_next(&life->backoff, &life->policy, good, &life->next);
        assert(again); /* there is no limit of attempts */
}

void program_life_starts(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_WAITING);
        life->state = PROGRAM_STARTING;
        backoff_attempt(&life->backoff, &life->policy, now);
}

void program_life_stopped(ProgramLife* life) {
        life->state = PROGRAM_STOPPED;
}
