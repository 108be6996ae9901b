/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Points in time and spans, in microseconds, as systemd counts them. */

#include <stdint.h>
#include <time.h>

typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)

/* One instant on both clocks: realtime is what people and D-Bus see, boottime is what spans are measured with. */
typedef struct Instant {
        usec_t realtime;
        usec_t boottime;
} Instant;

usec_t now_usec(clockid_t clock);
Instant now_instant(void);
