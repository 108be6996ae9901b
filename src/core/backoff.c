/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/backoff.h"
#include "util/macro.h"

#define ATTEMPTS_BEFORE_INCREASE 3U

void backoff_reset(Backoff* b, usec_t now) {
        *b = (Backoff) { .last_start = now };
}

bool backoff_next(Backoff* b, const BackoffPolicy* policy, usec_t uptime, usec_t* ret_when) {
        if (uptime > policy->reset_after) {
                b->attempts = 0;
                b->delay = 0;
        }
        if (policy->attempts_max > 0 && b->attempts >= policy->attempts_max)
                return false;

        *ret_when = saturating_add_u64(b->last_start, b->delay ? b->delay : policy->delay);
        return true;
}

void backoff_attempt(Backoff* b, const BackoffPolicy* policy, usec_t now) {
        if (b->delay == 0)
                b->delay = policy->delay;

        b->attempts++;
        if (b->attempts % ATTEMPTS_BEFORE_INCREASE == 0 && b->delay < policy->delay_max)
                b->delay = min_u64(saturating_add_u64(b->delay, b->delay), policy->delay_max);
        b->last_start = now;
}
