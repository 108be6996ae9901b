/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The stem's face: org.zeek.Stem on the connection of each peer. It checks arguments, calls who does the work, and
 * puts results and errors into messages; it decides nothing. */

#include <systemd/sd-bus.h>

#include "stem/launch.h"
#include "stem/node-table.h"
#include "stem/peers.h"
#include "stem/probe.h"
#include "stem/resumption.h"
#include "stem/scope-kill.h"
#include "stem/store.h"
#include "stem/syscall-filter.h"

/* What the methods work on; all weak. */
typedef struct Interface {
        bool user_mode;
        const SyscallFilters* filters;
        NodeTable* nodes;
        Store* store;
        Launches* launches;
        Resumptions* resumptions;
        Probes* probes;
        ScopeKills* kills;
        Peers* peers;
} Interface;

/* A peer_export_t, with an Interface. */
int interface_export(sd_bus* bus, void* interface);

/* What comes out at the end of the work; userdata is the Interface. */
extern const NodeHandlers interface_node_handlers;
extern const LaunchHandlers interface_launch_handlers;
extern const ResumptionHandlers interface_resumption_handlers;
extern const ProbeHandlers interface_probe_handlers;
void interface_scope_killed(sd_bus_message* request, const sd_bus_error* e, void* userdata);
