/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Tells the service manager's watchdog (WatchdogSec=) every now and then that the loop still goes round.
 * sd_event_set_watchdog(3) does that too, but waits, and the loop with it, when the service manager is behind with its
 * reading. */

#include <systemd/sd-event.h>

#include "service/notifier.h"

typedef struct Watchdog Watchdog;

/* Without a watchdog in the environment it does nothing. The notifier must outlive it. */
int watchdog_new(sd_event* event, Notifier* notifier, Watchdog** ret);
Watchdog* watchdog_free(Watchdog* w);
DEFINE_CLEANUP(Watchdog*, watchdog_free)
