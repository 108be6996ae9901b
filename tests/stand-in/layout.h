/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* cluster-layout.zeek, parsed strictly: Zeek takes any script there, but the file should hold nothing but
 * the two redefs, and a reader that takes only these finds every slip of a writer. Fields of Cluster::Node
 * and values of Cluster::NodeType are those of the version that is played.
 *
 *      redef Cluster::manager_is_logger = F;
 *      redef Cluster::nodes = {
 *              ["logger-1"] = [$node_type=Cluster::LOGGER, $ip=[fd00::1], $p=27761/tcp, $manager="manager"],
 *      }; */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stand-in/version.h"

#define LAYOUT_NODES_MAX 20000

typedef struct LayoutNode {
        char* name;
        char* node_type; /* WORKER and so on, without Cluster:: */
        char* ip;        /* without brackets */
        char* manager;
        char* interface;
        char* zone_id;
        uint16_t p;            /* 0: does not listen */
        uint16_t metrics_port; /* 0: none */
} LayoutNode;

typedef struct Layout {
        LayoutNode* nodes;
        size_t n, allocated;
        bool manager_is_logger;
} Layout;

/* Says what is wrong on stderr, in Zeek's form, and returns -EINVAL. file is the name for that. */
int layout_parse(Layout* ret, const char* file, const char* text, size_t size, const Version* version);
void layout_done(Layout* layout);

const LayoutNode* layout_find(const Layout* layout, const char* name);
size_t layout_count(const Layout* layout, const char* node_type);
/* Does this node write the cluster's logs? */
bool layout_is_logger(const Layout* layout, const LayoutNode* node);
