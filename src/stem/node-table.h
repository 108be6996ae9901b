/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The nodes that the stem holds: their pidfds, the read ends of their output, and how they ended.
 *
 * A node is held from the moment its program runs until Release. That it exited, and that its scope is empty, is told
 * once each, the exit first, and remembered. A node is all that a fresh stem would have to be given by a store of
 * descriptors: two names, a pid, three descriptors. */

#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "stem/process.h"
#include "stem/scope-watch.h"

typedef struct HeldNode HeldNode;
typedef struct NodeTable NodeTable;

typedef struct NodeHandlers {
        void (*exited)(const HeldNode* node, void* userdata);
        void (*emptied)(const HeldNode* node, void* userdata);
} NodeHandlers;

struct HeldNode {
        NodeTable* table; /* weak */
        char* name;
        char* scope;
        Process process;
        bool exited;
        ProcessExit exit;
        bool emptied;
        sd_event_source* exit_source;
        ScopeWatch* watch;
        TAILQ_ENTRY(HeldNode) nodes;
};

struct NodeTable {
        sd_event* event;
        ScopeWatches* watches;
        const NodeHandlers* handlers;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, HeldNode) nodes;
};

NodeTable* node_table_new(sd_event* event, ScopeWatches* watches, const NodeHandlers* handlers, void* userdata);
/* Processes run on. */
NodeTable* node_table_free(NodeTable* table);
DEFINE_CLEANUP(NodeTable*, node_table_free)

HeldNode* node_table_find(const NodeTable* table, const char* name);

/* Holds a process that runs in its scope. Takes the process over, also on failure: then it is killed. */
int node_table_add(NodeTable* table, const char* name, const char* scope, Process* process, HeldNode** ret);

/* Reaps an ended one and forgets it. */
void held_node_release(HeldNode* node);
