/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How the daemon takes its configuration and its hooks: at its start, and again when it is told to.
 *
 * First the files and what has to be asked of zeek (configuration.h), then the hooks (hooks.h); then whoever called Reload
 * is answered. Nothing waits meanwhile. A file that cannot be read at all changes nothing: it would look like one in which
 * everything was deleted.
 *
 * What a change means for a node depends on where that stands. One that runs is started again if its process would be
 * another one now, role by role as Restart of all does it, else its scope gets the limits that are due now; one that is
 * being started is looked at when it runs; the others have it at their next start. Who is to be started again and has not
 * had its turn is so once, however often the configuration changes meanwhile. */

#include "supervisor/supervisor.h"

/* The loader's callback; userdata is the Supervisor. */
void reload_on_configuration(Configuration* c, void* userdata);

/* The nodes of a former daemon are there: those of node.cfg join them. */
void reload_apply_first(Supervisor* s);

/* Reads everything again; answers the call then. */
void reload(Supervisor* s, sd_bus_message* m);

/* The node runs, and nothing else waits for its turn. */
void reload_node_runs(Supervisor* s, Node* node);

/* Answers nobody any more: the daemon ends. */
void reload_done(Supervisor* s);
