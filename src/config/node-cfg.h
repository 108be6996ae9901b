/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* node.cfg: a cluster as ZeekControl's users describe it, and the nodes that it makes.
 *
 *   [worker-1]             a node; with lb_procs=4 four of them: worker-1-1 to worker-1-4
 *   type=worker            logger, manager, proxy, worker, or standalone, which is alone in its file
 *   host=10.0.0.7          where it runs: several machines read the same file, and each starts its own part
 *   interface=eth1
 *   lb_method=af_packet
 *   lb_procs=4
 *   pin_cpus=2,3,4,5
 *
 * What ZeekControl accepts is accepted, and makes the same nodes, names, ports, variables and arguments; two things are
 * left to the machines themselves: that the file is read by the manager's, and that the others can be reached from it.
 * The file is all or nothing: with an error in it there are no nodes. All errors are told at once. */

#include "config/diagnostics.h"
#include "config/host-answer.h"
#include "config/settings.h"

/* The script of ours for whoever writes logs: has them rotated as ZeekControl has it. A standalone node is given it. */
#define LOGGER_SCRIPT "zeek-supervisor/logger"

/* Of all machines together, as many as a cluster table may have. */
#define NODE_CFG_NODES_MAX CLUSTER_ENDPOINTS_MAX

typedef struct NodeCfg NodeCfg;

/* What node.cfg makes, in the order in which a cluster starts. */
typedef struct StaticNode {
        NodeSpec* spec;
        unsigned line; /* of its section */
        bool ours;     /* for this machine to run */
} StaticNode;

typedef struct StaticNodes {
        StaticNode* items;
        size_t n;
} StaticNodes;

void static_nodes_done(StaticNodes* nodes);
#define _cleanup_static_nodes_ _cleanup_(static_nodes_done)

/* Reads the text, called `file` in diagnostics. NULL if there are errors, which are in that list then; doubts are about
 * what is taken as it is, or left out as ZeekControl leaves it out. */
NodeCfg* node_cfg_parse(const char* file, const char* text, size_t size, const ZeekControlSettings* settings,
                        Diagnostics* errors, Diagnostics* doubts);
NodeCfg* node_cfg_free(NodeCfg* cfg);
DEFINE_CLEANUP(NodeCfg*, node_cfg_free)

/* The hosts it names, each once: at most HOSTS_MAX. A vector of its own. */
char* const* node_cfg_hosts(const NodeCfg* cfg);

/* Makes the nodes, knowing the hosts. 0, or -EINVAL with errors. */
int node_cfg_expand(const NodeCfg* cfg, const HostAnswer* hosts, StaticNodes* ret, Diagnostics* errors,
                    Diagnostics* doubts);
