/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How the daemon takes its configuration and its hooks: at its start, and again when it is told to.
 *
 * First the files and what has to be asked of zeek (configuration.h), then the hooks (hooks.h); then nodes whose own process
 * would be another one now are started again, and whoever called Reload is answered. Nothing waits meanwhile. */

#include "supervisor/supervisor.h"

/* The loader's callback; userdata is the Supervisor. */
void reload_on_configuration(Configuration* c, void* userdata);

/* Reads everything again; answers the call then. */
void reload(Supervisor* s, sd_bus_message* m);

/* Answers nobody any more: the daemon ends. */
void reload_done(Supervisor* s);
