/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The nodes that the stem holds: their pidfds, the read ends of their output, and how they ended.
 *
 * A node is held from the moment its program runs until Release. That it exited, and that its scope is empty, is told
 * once each, the exit first, and remembered; so is that its scope was stopped by somebody else, before it is empty. All but what is known of scopes, for which the service manager is asked
 * again, is also in the store, so that the next stem holds what this one held. */

#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "stem/process.h"
#include "stem/scope-watch.h"
#include "stem/store.h"
#include "stem/syscall-watch.h"
#include "util/name-index.h"

typedef struct HeldNode HeldNode;
typedef struct NodeTable NodeTable;

typedef struct NodeHandlers {
        void (*exited)(const HeldNode* node, void* userdata);
        void (*emptied)(const HeldNode* node, void* userdata);
        void (*stop_requested)(const HeldNode* node, void* userdata);
        /* false: nobody has heard it, see syscall-watch.h */
        bool (*violated)(const HeldNode* node, const SyscallReport* report, void* userdata);
} NodeHandlers;

struct HeldNode {
        NodeTable* table; /* weak */
        char* name;
        char* scope;
        Process process;
        StoreSlot* slot;
        bool terminated;
        bool exited;
        ProcessExit exit;
        bool emptied;
        bool out_of_memory; /* why, as far as the service manager told */
        bool stop_requested;
        sd_event_source* exit_source;
        sd_event_source* reap_timer; /* NULL: not needed */
        ScopeWatch* watch;
        SyscallWatch* syscalls; /* NULL: nobody asks about them */
        TAILQ_ENTRY(HeldNode) nodes;
        NameEntry by_name;
};

struct NodeTable {
        sd_event* event;
        ScopeWatches* watches;
        const NodeHandlers* handlers;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, HeldNode) nodes;
        NameIndex by_name;
};

NodeTable* node_table_new(sd_event* event, ScopeWatches* watches, const NodeHandlers* handlers, void* userdata);
/* Processes run on. */
NodeTable* node_table_free(NodeTable* table);
DEFINE_CLEANUP(NodeTable*, node_table_free)

HeldNode* node_table_find(const NodeTable* table, const char* name);

/* Holds a process that runs in its scope, and takes it over with its slot in the store. On failure nothing is taken. */
int node_table_add(NodeTable* table, const NodeRecord* record, Process* process, StoreSlot** slot, HeldNode** ret);
/* As node_table_add(), for one that was held before, or is said to have been; its scope may be gone long since. What
 * the record says of its past is taken as it is. */
int node_table_restore(NodeTable* table, const NodeRecord* record, Process* process, StoreSlot** slot, HeldNode** ret);

/* A signal to its main process; nothing happens when that has ended. */
int held_node_signal(HeldNode* node, int sig);
/* SIGTERM, once. */
int held_node_terminate(HeldNode* node);

/* Reaps an ended one and forgets it. */
void held_node_release(HeldNode* node);
