/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node will be once all jobs that wait for it are done. Who decides about nodes decides about this: that one is
 * being stopped or made just now changes nothing about what is wanted of it. */

#include "core/node.h"

typedef struct Prospect {
        bool exists;
        NodeOrigin origin;
        const NodeSpec* spec; /* weak */
        Job* create;          /* the job in the queue that makes it so; NULL: it is so already */
} Prospect;

Prospect node_prospect(const Node* node);

/* It will exist, and be this from its next start on. */
void node_change(Node* node, NodeSpec* spec, const NodePolicy* policy, NodeOrigin origin);
