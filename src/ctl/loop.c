/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "ctl/loop.h"
#include "util/macro.h"

int loop_new(sd_event_signal_handler_t on_end, void* userdata, sd_event** ret) {
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        sigset_t signals;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGINT);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);

        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, on_end, userdata);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, on_end, userdata);
        if (r < 0)
                return r;
        *ret = take_ptr(event);
        return 0;
}
