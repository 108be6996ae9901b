/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/rate-limit.h"
#include "util/macro.h"

usec_t rate_limit_end(const RateLimit* limit) {
        return saturating_add_u64(limit->begin, limit->interval);
}

bool rate_limit_take(RateLimit* limit, usec_t now) {
        if (limit->interval == 0)
                return true;

        if (limit->n == 0 || now >= rate_limit_end(limit)) {
                limit->begin = now;
                limit->n = 0;
        }
        if (limit->n >= limit->burst)
                return false;
        limit->n++;
        return true;
}

void rate_limit_give_back(RateLimit* limit) {
        if (limit->interval > 0 && limit->n > 0)
                limit->n--;
}
