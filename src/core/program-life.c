/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/program-life.h"
#include "util/macro.h"

void program_life_init(ProgramLife* life, usec_t timeout, usec_t now) {
        *life = (ProgramLife) {
                .state = PROGRAM_STARTING,
                .timeout = timeout,
                .first_answer = max_u64(PROGRAM_FIRST_ANSWER_USEC, timeout),
                .policy = {
                        .delay = PROGRAM_DELAY_USEC,
                        .delay_max = PROGRAM_DELAY_MAX_USEC,
                        .reset_after = PROGRAM_RESET_USEC,
                },
        };
        backoff_reset(&life->backoff, now);
}

bool program_life_takes_questions(const ProgramLife* life) {
        return (life->state == PROGRAM_STARTING || life->state == PROGRAM_RUNNING) && !life->late;
}

void program_life_runs(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_STARTING);
        life->state = PROGRAM_RUNNING;
        life->since = now;
        life->late = false;
}

usec_t program_life_patience(const ProgramLife* life) {
        if (life->state == PROGRAM_STARTING) /* the stem says when it gives up */
                return USEC_INFINITY;
        return saturating_add_u64(life->since, life->first_answer);
}

bool program_life_was_silent(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_STARTING || life->state == PROGRAM_RUNNING);
        if (life->proved || program_life_patience(life) <= now)
                return false;
        life->late = true;
        return true;
}

bool program_life_answered(ProgramLife* life) {
        bool first = !life->proved;

        life->proved = true;
        life->late = false;
        return first;
}

static void note_good(ProgramLife* life, usec_t now, usec_t good_until) {
        life->good = good_until - min_u64(life->since, good_until);
        life->held_up = min_u64(now - min_u64(good_until, now), life->timeout);
}

void program_life_ended(ProgramLife* life, usec_t now, usec_t good_until) {
        assert(life->state == PROGRAM_RUNNING);
        note_good(life, now, good_until);
        life->state = PROGRAM_ENDED;
        life->next = saturating_add_u64(now, PROGRAM_EXIT_USEC);
}

void program_life_failed(ProgramLife* life, usec_t now, usec_t good_until) {
        bool again;

        assert(life->state != PROGRAM_WAITING && life->state != PROGRAM_STOPPED);
        if (life->state == PROGRAM_RUNNING)
                note_good(life, now, good_until);
        else if (life->state == PROGRAM_STARTING)
                life->good = life->held_up = 0;

        life->state = PROGRAM_WAITING;
        life->proved = life->late = false;
        life->backoff.last_start = now;
        again = backoff_next(&life->backoff, &life->policy, life->good, &life->next);
        assert(again); /* there is no limit of attempts */
        life->next = max_u64(life->next, saturating_add_u64(now, life->held_up));
}

void program_life_starts(ProgramLife* life, usec_t now) {
        assert(life->state == PROGRAM_WAITING);
        life->state = PROGRAM_STARTING;
        backoff_attempt(&life->backoff, &life->policy, now);
}

void program_life_stopped(ProgramLife* life) {
        life->state = PROGRAM_STOPPED;
}
