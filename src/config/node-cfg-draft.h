/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A node of node.cfg before its address is known. Internal to node-cfg*.c. */

#include "config/node-cfg-section.h"
#include "core/node-spec.h"

typedef struct NodeDraft {
        const NodeCfgSection* section; /* weak */
        unsigned index;                /* among the section's nodes, from 0 */
        char* name;
        LbMember member; /* interface and environment, also of who shares nothing */
        uint64_t port;
        uint64_t metrics_port; /* 0: none */
} NodeDraft;

typedef struct NodeDrafts {
        NodeDraft* items; /* in the order in which a cluster starts */
        size_t n, allocated;
} NodeDrafts;

void node_drafts_done(NodeDrafts* drafts);

/* The nodes of all sections, with names, ports and what load balancing adds. Names are checked. */
void node_drafts_make(NodeDrafts* drafts, const NodeCfgSection* sections, size_t n,
                      const ZeekControlSettings* settings, const NodeCfgReport* report);

/* Are the nodes that a cluster needs there, or one that stands alone? */
void node_drafts_check_roles(const NodeDrafts* drafts, const NodeCfgReport* report);

/* The node as it is to be run. The table is NULL for one that stands alone. NULL with errors. */
NodeSpec* node_draft_to_spec(const NodeDraft* draft, ClusterTable* table, const NodeCfgReport* report);
