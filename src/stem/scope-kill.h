/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Signals to every process of a scope, sent by the service manager. A request waits while the line to it is down; a
 * SIGKILL whose fate is not known when the line breaks is sent again, any other signal is not: a second SIGTERM is
 * not the same as one. */

#include <sys/queue.h>
#include <systemd/sd-bus.h>

#include "stem/service-manager.h"

typedef struct ScopeKills ScopeKills; /* all of them */

/* e is NULL: the manager has done it, or there was nothing to send it to. */
typedef void (*scope_killed_t)(sd_bus_message* request, const sd_bus_error* e, void* userdata);

ScopeKills* scope_kills_new(sd_event* event, ServiceManager* manager, scope_killed_t done, void* userdata);
ScopeKills* scope_kills_free(ScopeKills* kills);
DEFINE_CLEANUP(ScopeKills*, scope_kills_free)

size_t scope_kills_count(const ScopeKills* kills);

/* Keeps a reference to the request for the callback. */
int scope_kills_begin(ScopeKills* kills, const char* scope, int sig, sd_bus_message* request);
