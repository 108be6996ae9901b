/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* When an ended node is started again: Zeek's curve. The delay is measured from the last start, begins at 1 s, doubles
 * at each third attempt (1, 1, 1, 2, 2, 2, 4 …) and is forgotten once a node has been up for 30 s. Ours adds a cap
 * and a limit of attempts. All times are CLOCK_BOOTTIME. */

#include <stdbool.h>

#include "util/usec.h"

typedef struct BackoffPolicy {
        usec_t delay;          /* the first one */
        usec_t delay_max;
        usec_t reset_after;    /* an uptime beyond this forgets all attempts */
        unsigned attempts_max; /* 0: no limit */
} BackoffPolicy;

typedef struct Backoff {
        unsigned attempts; /* starts in a row that followed an end */
        usec_t delay;      /* 0: the policy's first */
        usec_t last_start;
} Backoff;

/* A start that someone asked for: attempts and delay begin anew. */
void backoff_reset(Backoff* b, usec_t now);

/* The node ended after this uptime (0: its start failed). True with the time at which it may start again, which may
 * lie in the past; false when the attempts are used up. */
bool backoff_next(Backoff* b, const BackoffPolicy* policy, usec_t uptime, usec_t* ret_when);

/* An automatic start begins. */
void backoff_attempt(Backoff* b, const BackoffPolicy* policy, usec_t now);
