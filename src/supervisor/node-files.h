/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Files that nodes read, in the runtime directory: a cluster layout for each distinct cluster table, shared by the nodes
 * that have it, and each node's own configuration as JSON. The directory lies in memory, so writing is quick. */

#include "core/node-spec.h"
#include "util/alloc.h"
#include "zeek/version.h"

typedef struct NodeFiles {
        char* layout;           /* the layout's name; NULL: the node stands alone */
        char* layout_directory; /* holds cluster-layout.zeek; NULL as above */
        char* config;           /* path of the JSON */
} NodeFiles;

/* The name of the layout that was asked for last: nodes of a cluster share a table, and a large one takes its time. */
typedef struct LayoutMemo {
        ClusterTable* table; /* NULL: none was asked for */
        ZeekVersion version;
        char* layout;
} LayoutMemo;

void layout_memo_done(LayoutMemo* memo);

/* What they are called. */
void node_files_name(const char* runtime_directory, const NodeSpec* spec, ZeekVersion version, LayoutMemo* memo,
                     NodeFiles* ret);
/* Writes what is missing or differs. 0 or -errno, with nothing left behind. */
int node_files_write(const char* runtime_directory, const NodeSpec* spec, ZeekVersion version, NodeFiles* ret);
void node_files_done(NodeFiles* files);
#define _cleanup_node_files_ _cleanup_(node_files_done)

/* The node is no more. */
void node_files_remove_config(const char* runtime_directory, const char* name);
/* Nobody has this layout any more. */
void node_files_remove_layout(const char* runtime_directory, const char* layout);
/* Can this be the name of one? */
bool node_files_is_layout(const char* name);
