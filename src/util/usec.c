/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "util/usec.h"

usec_t now_usec(clockid_t clock) {
        struct timespec ts;
        int r = clock_gettime(clock, &ts);

        assert(r == 0);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

Instant now_instant(void) {
        return (Instant) {
                .realtime = now_usec(CLOCK_REALTIME),
                .boottime = now_usec(CLOCK_BOOTTIME),
        };
}
