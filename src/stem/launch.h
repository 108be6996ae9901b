/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Launches: from an order to a held node, or to an error after which nothing is left.
 *
 *   QUEUED ─ child, store, call ──► SCOPE ── in its scope ──► STORE ── in the store: go ──► CHILD ── runs ──► JOB ─┐
 *      │                              │                         │                            │                │  │ started
 *      └───────────── anything fails, or time is over ──────────┴────────────────────────────┴────────────────┘  ▼
 *                                         ▼                                                           held, replied
 *                     CLEANUP ── child and scope are gone ──► replied
 *
 * The child has its go when the kernel says that it is in its scope; the service manager says so a little later, and only
 * then it is a node that is held, so that nobody takes the job that started it for one that stops it.
 *
 * The first failure is the one that is told. A requester that leaves changes nothing, and another may join. No program
 * runs that is not in the store: a stem that dies before its go leaves a child that ends by itself, and in every case it
 * leaves the rest of the launch to the next (resumption.h). */

#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "stem/node-table.h"
#include "stem/order.h"
#include "stem/process.h"
#include "stem/scope-start.h"
#include "stem/scope-watch.h"
#include "stem/spare-child.h"
#include "stem/store.h"

typedef struct Launches Launches; /* all of them */

/* Where launches happen; everything outlives them. */
typedef struct LaunchPlace {
        sd_event* event;
        ScopeStarts* starts;
        ScopeWatches* watches;
        NodeTable* nodes;
        Store* store;
        const SpawnSettings* spawn;
        SpareChild* spare;
} LaunchPlace;

typedef struct LaunchHandlers {
        /* The program runs; the node is held. */
        void (*launched)(sd_bus_message* request, const HeldNode* node, void* userdata);
        /* It does not, and nothing of it is left. */
        void (*failed)(sd_bus_message* request, const char* name, const char* why, void* userdata);
} LaunchHandlers;

Launches* launches_new(const LaunchPlace* place, const LaunchHandlers* handlers, void* userdata);
/* Children that wait for their go end by themselves; those that have it are in the store. */
Launches* launches_free(Launches* launches);
DEFINE_CLEANUP(Launches*, launches_free)

size_t launches_count(const Launches* launches);
/* Whether a node of this name is being launched, or what is left of a failed launch is being removed. */
bool launches_has(const Launches* launches, const char* name);

/* Puts the request in the place of that of the launch of this name, if whoever made that one has left. */
bool launches_join(Launches* launches, const char* name, sd_bus_message* request);

/* Takes the order over and keeps a reference to the request for the handlers. The name must be free. */
int launches_begin(Launches* launches, LaunchOrder* order, sd_bus_message* request);
