/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A section of node.cfg: its values as they stand there, and what they say. Internal to node-cfg*.c. */

#include "config/diagnostics.h"
#include "config/ini.h"
#include "config/load-balancing.h"
#include "core/role.h"

/* Where what is wrong is said. */
typedef struct NodeCfgReport {
        const char* file;
        Diagnostics* errors; /* the file is not applied */
        Diagnostics* doubts;
} NodeCfgReport;

typedef enum NodeCfgKey {
        NODE_CFG_TYPE,
        NODE_CFG_HOST,
        NODE_CFG_INTERFACE,
        NODE_CFG_LB_PROCS,
        NODE_CFG_LB_METHOD,
        NODE_CFG_LB_INTERFACES,
        NODE_CFG_PIN_CPUS,
        NODE_CFG_ENV_VARS,
        NODE_CFG_AUX_SCRIPTS,
        NODE_CFG_FANOUT_ID,
        NODE_CFG_FANOUT_MODE,
        NODE_CFG_BUFFER_SIZE,
        _NODE_CFG_READ_MAX, /* the others mean something to ZeekControl only */
        NODE_CFG_ZONE_ID = _NODE_CFG_READ_MAX,
        NODE_CFG_ZEEKBASE,
        NODE_CFG_ETHER,
        NODE_CFG_COUNT,
        _NODE_CFG_KEY_MAX,
        _NODE_CFG_KEY_INVALID = -EINVAL,
} NodeCfgKey;

/* As ZeekControl spells them in its documentation. */
DECLARE_ENUM_TABLE(node_cfg_key, NodeCfgKey);

typedef struct NodeCfgValue {
        char* text;    /* NULL: not given; an empty one is as good as none */
        unsigned line; /* 0: not there */
        bool refused;
} NodeCfgValue;

typedef struct NodeCfgSection {
        char* name;
        unsigned line;
        NodeCfgValue values[_NODE_CFG_KEY_MAX];

        /* by node_cfg_section_interpret() */
        Role role;
        unsigned n_nodes;     /* at least 1 */
        LbMethod lb_method;   /* _LB_METHOD_INVALID: one process, or what was given is wrong */
        char** lb_interfaces; /* as many as nodes; NULL: not by interfaces */
        int64_t* pin_cpus;
        size_t n_pin_cpus; /* 0: not pinned */
        char** env;        /* NAME=value */
        char** scripts;

        size_t host; /* its index in the file's list of hosts */
} NodeCfgSection;

void node_cfg_section_done(NodeCfgSection* section);

/* Says what is wrong with the value of this key, or with its absence. The format makes what follows "key= ". */
void node_cfg_section_refuse(const NodeCfgSection* section, NodeCfgKey key, const NodeCfgReport* report,
                             const char* format, ...) _printf_(4, 5);

/* Takes the value of a key, whose name may be in any case and have '.' for '_'. */
void node_cfg_section_assign(NodeCfgSection* section, const IniItem* item, const NodeCfgReport* report);
/* What the section does not say is as in [DEFAULT]. */
void node_cfg_section_inherit(NodeCfgSection* section, const NodeCfgSection* defaults);
/* All values are there: understands them. */
void node_cfg_section_interpret(NodeCfgSection* section, const NodeCfgReport* report);
