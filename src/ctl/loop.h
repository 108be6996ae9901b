/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The event loop of what waits: it can be interrupted. */

#include <systemd/sd-event.h>

/* A loop that hands SIGINT and SIGTERM, which are blocked from here on, to the handler. 0 or -errno. */
int loop_new(sd_event_signal_handler_t on_end, void* userdata, sd_event** ret);
