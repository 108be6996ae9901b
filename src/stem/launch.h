/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Launches: from an order to a held node, or to an error after which nothing is left.
 *
 *   QUEUED ── its turn: fork ──► SCOPE ── in its scope: go ──► CHILD ── exec succeeded ──► held, replied
 *      │                           │                             │
 *      └──────────────── anything fails, or time is over ────────┴──► CLEANUP ── child dead, scope gone ──► replied
 *
 * The first failure is the one that is told. A requester that leaves changes nothing. */

#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "stem/node-table.h"
#include "stem/order.h"
#include "stem/process.h"
#include "stem/scope-start.h"
#include "stem/scope-watch.h"

typedef struct Launches Launches; /* all of them */

/* Where launches happen; everything outlives them. */
typedef struct LaunchPlace {
        sd_event* event;
        ScopeStarts* starts;
        ScopeWatches* watches;
        NodeTable* nodes;
        const SpawnSettings* spawn;
} LaunchPlace;

typedef struct LaunchHandlers {
        /* The program runs; the node is held. */
        void (*launched)(sd_bus_message* request, const HeldNode* node, void* userdata);
        /* It does not, and nothing of it is left. */
        void (*failed)(sd_bus_message* request, const char* name, const char* why, void* userdata);
} LaunchHandlers;

Launches* launches_new(const LaunchPlace* place, const LaunchHandlers* handlers, void* userdata);
/* Children that wait for their scope end by themselves; those that were let go are on their own. */
Launches* launches_free(Launches* launches);
DEFINE_CLEANUP(Launches*, launches_free)

size_t launches_count(const Launches* launches);
/* Whether a node of this name is being launched, or what is left of a failed launch is being removed. */
bool launches_has(const Launches* launches, const char* name);

/* Takes the order over and keeps a reference to the request for the handlers. The name must be free. */
int launches_begin(Launches* launches, LaunchOrder* order, sd_bus_message* request);
