/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the service manager says of one unit, as far as it matters to who waits for a scope's end. */

#include <systemd/sd-bus.h>

typedef enum UnitState {
        UNIT_ALIVE,
        UNIT_STOPPING, /* a job ends it; while that still waits for other units, as at shutdown, it is alive */
        UNIT_AT_REST,  /* it has ended, or never was; also when something pins it in the manager's memory, such as an
                        * After= in a unit file, but not when a job is about to start it */
        UNIT_FAILED,   /* the same, and it has not ended well: there is a reason to ask for */
} UnitState;

/* Reads the reply to ListUnitsByNames with one name. -ENXIO, -EBADMSG: that is no such reply. */
int unit_state_read(sd_bus_message* reply, UnitState* ret);
