/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The daemon's own end. SIGTERM comes with `systemctl stop`, with `systemctl restart` and with a plain kill; only the
 * first is meant for the nodes too. The type of our unit's pending job tells (design: "Who survives what"). When nobody
 * can tell, as on a machine without a bus, the nodes run on: that can be made good, an end cannot. */

#include "supervisor/supervisor.h"

/* Blocks SIGTERM and SIGINT and handles them on the loop. */
int shutdown_watch_signals(Supervisor* s);
Shutdown* shutdown_free(Shutdown* shutdown);

/* To be called when it is known which nodes there are: a stop may wait for that. */
void shutdown_go_on(Supervisor* s);
/* To be called when a node is gone: ends the loop if that was what a stop still waited for. */
void shutdown_check(Supervisor* s);
