/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Launches that the stem before left under way: their processes are in the store, and their report pipes tell what
 * becomes of them. One whose program runs is held as any other; of one that came to nothing, for example because it
 * never got its go, everything is removed. Whoever orders the node anew in the meantime joins: gets the process that
 * runs, or has the order carried out when nothing is left of the one before. */

#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "stem/node-table.h"
#include "stem/order.h"
#include "stem/scope-watch.h"
#include "stem/store.h"

typedef struct Resumptions Resumptions; /* all of them */

typedef struct ResumptionHandlers {
        /* It runs and is held; somebody has asked for it. */
        void (*launched)(sd_bus_message* request, const HeldNode* node, void* userdata);
        /* Nothing is left of it, and this order is to be begun. Takes the order over. */
        void (*begin)(LaunchOrder* order, sd_bus_message* request, void* userdata);
} ResumptionHandlers;

Resumptions* resumptions_new(sd_event* event, ScopeWatches* watches, NodeTable* nodes,
                             const ResumptionHandlers* handlers, void* userdata);
/* What is under way is left to the next stem. */
Resumptions* resumptions_free(Resumptions* resumptions);
DEFINE_CLEANUP(Resumptions*, resumptions_free)

size_t resumptions_count(const Resumptions* resumptions);
bool resumptions_has(const Resumptions* resumptions, const char* name);

/* Takes process and slot over, but not on failure. */
int resumption_begin(Resumptions* resumptions, const NodeRecord* record, Process* process, StoreSlot** slot);

/* Takes *order over and keeps a reference to the request, if there is a launch of this name that nobody has joined, or
 * only one who has left. */
bool resumptions_join(Resumptions* resumptions, LaunchOrder** order, sd_bus_message* request);
