/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* All nodes by name, and what concerns them together: the limit on their number, cluster tables held once. */

#include "core/node.h"

typedef struct Registry {
        size_t n, allocated;
        Node** nodes; /* by name, ascending */
        size_t nodes_max;
} Registry;

void registry_done(Registry* registry);

Node* registry_find(const Registry* registry, const char* name);

/* The node of this name, made if there is none. */
Node* registry_obtain(Registry* registry, const char* name);

/* Frees the node if nobody would miss it. */
void registry_release(Registry* registry, Node* node);

/* Nodes that exist for a client: not void. */
size_t registry_count(const Registry* registry) _pure_;
bool registry_is_full(const Registry* registry) _pure_;

/* If another node has an equal cluster table, lets spec share it. Nodes of a cluster are created one by one, each
 * with a copy of the whole table, which would make memory grow with the square of their number. */
void registry_share_cluster(const Registry* registry, NodeSpec* spec);

/* The first node that exists behind this one in the order of names, or of all if it is NULL. */
Node* registry_next(const Registry* registry, const Node* node);

/* The body may add nodes, and release any but the one that it looks at. */
#define REGISTRY_FOREACH(node, registry) \
        for (Node* node = registry_next((registry), NULL); node; node = registry_next((registry), node))
