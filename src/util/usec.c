/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "util/usec.h"

usec_t now_usec(clockid_t clock) {
        struct timespec ts;
        int r = clock_gettime(clock, &ts);

        assert(r == 0);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* Who is interrupted between the clocks looks again: what is computed from both is to fit together. */
#define INSTANT_ATTEMPTS 10U
#define INSTANT_ACCURACY_USEC 100U

Instant now_instant(void) {
        Instant now = { .boottime = now_usec(CLOCK_BOOTTIME) };

        for (unsigned i = 0; i < INSTANT_ATTEMPTS; i++) {
                usec_t before = now.boottime;

                now.realtime = now_usec(CLOCK_REALTIME);
                now.boottime = now_usec(CLOCK_BOOTTIME);
                if (now.boottime - before <= INSTANT_ACCURACY_USEC)
                        break;
        }
        return now;
}
