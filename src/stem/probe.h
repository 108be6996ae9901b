/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Probes: a short command without rights whose output is wanted, such as `zeek --version`. It runs in the stem's own
 * control group, for a bounded time, and whatever it started in its session is killed with it. */

#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "stem/order.h"
#include "stem/process.h"
#include "util/usec.h"

typedef struct Probes Probes; /* all of them */

typedef struct ProbeHandlers {
        void (*succeeded)(sd_bus_message* request, const char* output, void* userdata);
        /* executed is false when the program did not even run. */
        void (*failed)(sd_bus_message* request, bool executed, const char* why, void* userdata);
} ProbeHandlers;

Probes* probes_new(sd_event* event, const SpawnSettings* spawn, const ProbeHandlers* handlers, void* userdata);
Probes* probes_free(Probes* probes);
DEFINE_CLEANUP(Probes*, probes_free)

size_t probes_count(const Probes* probes);

/* Starts one. Takes the order over, which has no more than arguments, environment, directory and user, and keeps a
 * reference to the request for the handlers. -errno: nothing was started. */
int probes_begin(Probes* probes, LaunchOrder* order, usec_t timeout, sd_bus_message* request);
