/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Puts processes into scopes of their own, a few at a time.
 *
 * A start waits in a queue for its turn, then asks its owner for the process, calls StartTransientUnit, and ends when
 * the job of the unit has ended. The process is in its scope before that (scope-entry.h), and whoever has work for it
 * need not wait for the manager to say so. A name that the manager still has from the scope before is waited for, without
 * holding up others. When the line to the manager breaks in between, the process itself shows whether the call was carried
 * out, and it is made again if not.
 *
 * The owner keeps the process unreaped until the start has ended: until then its pid is a number that the manager may
 * be about to use. */

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "stem/scope-entry.h"
#include "stem/scope-watch.h"
#include "stem/service-manager.h"

typedef struct ScopeStarts ScopeStarts; /* the queue */
typedef struct ScopeStart ScopeStart;

typedef struct ScopeStartOwner {
        /* It is this start's turn: make the process. -errno ends the start. */
        int (*begin)(void* userdata, pid_t* ret_pid, int* ret_pidfd);
        /* Into an open a(sv). */
        int (*append_properties)(void* userdata, sd_bus_message* m);
        /* The process is in its scope. Comes once, before the start is done without a why; the start may not be freed in
         * it. */
        void (*entered)(void* userdata);
        /* why is NULL: the scope has started. Comes once; the start may be freed in it. */
        void (*done)(void* userdata, const char* why);
} ScopeStartOwner;

int scope_starts_new(sd_event* event, ServiceManager* manager, ScopeWatches* watches, ScopeEntries* entries,
                     ScopeStarts** ret);
ScopeStarts* scope_starts_free(ScopeStarts* starts);
DEFINE_CLEANUP(ScopeStarts*, scope_starts_free)

/* Queues a start; nothing of the owner is called before this returned. slice_group is that of scope-entry.h, or NULL;
 * borrowed. */
int scope_start_new(ScopeStarts* starts, const char* scope, const char* slice_group, const ScopeStartOwner* owner,
                    void* userdata, ScopeStart** ret);
ScopeStart* scope_start_free(ScopeStart* start);

/* The process has ended or is not wanted any more: done comes at once, or as soon as the manager has answered what is
 * under way. */
void scope_start_give_up(ScopeStart* start);

/* Whether there may be a scope of ours, or the remains of one. */
bool scope_start_may_have_made_scope(const ScopeStart* start);
