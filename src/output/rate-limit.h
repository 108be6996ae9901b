/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* At most so many lines in one interval, as journald counts them: an interval begins with the first line after the end of
 * the last one. */

#include <stdbool.h>

#include "util/usec.h"

typedef struct RateLimit {
        usec_t interval; /* 0: no limit */
        uint64_t burst;  /* lines in one interval; at least 1 */
        usec_t begin;    /* of the present one */
        uint64_t n;      /* lines in it so far, those dropped not counted */
} RateLimit;

/* May this line go on? now never goes back. */
bool rate_limit_take(RateLimit* limit, usec_t now);

/* The line that was let through did not go on after all. */
void rate_limit_give_back(RateLimit* limit);

/* When the next one may, if this one may not. */
usec_t rate_limit_end(const RateLimit* limit);
