/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A call that is answered later: whoever holds its message holds it this way, so that it is known how long that took. */

#include <systemd/sd-bus.h>

#include "supervisor/call-meter.h"

static inline sd_bus_message* call_hold(CallMeter* meter, sd_bus_message* m) {
        call_meter_keep(meter, m);
        return sd_bus_message_ref(m);
}

static inline sd_bus_message* call_let_go(CallMeter* meter, sd_bus_message* m) {
        call_meter_release(meter, m);
        return sd_bus_message_unref(m);
}
