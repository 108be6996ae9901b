/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "service/watchdog.h"
#include "util/alloc.h"
#include "util/usec.h"

/* So often in the time after which the watchdog bites. */
#define PINGS_PER_PERIOD 3U
/* When a ping was not taken. */
#define RETRY_USEC (100 * USEC_PER_MSEC)

struct Watchdog {
        Notifier* notifier; /* weak */
        sd_event_source* timer;
        usec_t interval;
};

static int ping(sd_event_source* s, uint64_t usec, void* userdata) {
        Watchdog* w = userdata;
        bool taken = notifier_try(w->notifier, "WATCHDOG=1") >= 0;
        int r;

        r = sd_event_source_set_time_relative(s, taken ? w->interval : min_u64(w->interval, RETRY_USEC));
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int watchdog_new(sd_event* event, Notifier* notifier, Watchdog** ret) {
        _cleanup_(watchdog_freep) Watchdog* w = xnew0(Watchdog);
        uint64_t period;
        int r;

        r = sd_watchdog_enabled(false, &period);
        if (r < 0)
                return r;
        if (r > 0) {
                w->notifier = notifier;
                w->interval = period / PINGS_PER_PERIOD;
                r = sd_event_add_time_relative(event, &w->timer, CLOCK_MONOTONIC, 0, 0, ping, w);
                if (r >= 0) /* before a source that never has enough */
                        r = sd_event_source_set_priority(w->timer, SD_EVENT_PRIORITY_IMPORTANT);
                if (r < 0)
                        return r;
                (void) sd_event_source_set_description(w->timer, "watchdog");
        }

        *ret = take_ptr(w);
        return 0;
}

Watchdog* watchdog_free(Watchdog* w) {
        if (!w)
                return NULL;

        (void) sd_event_source_disable_unref(w->timer);
        free(w);
        return NULL;
}
