/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The whole environment of a node (design section 10, "Launch"). It starts clean; what stands further down here wins:
 *
 *   PATH (zeek's own directory first), HOME, USER, LOGNAME, SHELL, LANG
 *   [Zeek] Environment=
 *   the node's env
 *   ZEEKPATH: the layout's directory before whatever the path is by then, and that of our scripts behind it
 *   CLUSTER_NODE, if the node has a cluster table
 *   ZEEK_SUPERVISOR_NODE_CONFIG
 *   ZEEK_SUPERVISOR_LOG_QUEUE, for whoever loads zeek-supervisor/logger */

#include "config/settings.h"
#include "core/node-spec.h"

/* What is around the node. Strings are borrowed; NULL: not known or not wanted. */
typedef struct ZeekSurroundings {
        const char* binary_directory; /* of zeek_binary_directory(); required */
        const char* zeek_path;        /* what `zeek-config --zeekpath` printed, without the line end */
        const char* layout_directory; /* that holds the node's cluster-layout.zeek */
        const char* script_directory; /* of our own scripts */
        const char* log_queue;        /* where rotated logs go, for whoever loads our script for that */
        const char* node_config_file; /* for ZEEK_SUPERVISOR_NODE_CONFIG */
        const char* user;
        const char* home;
        const char* shell;
        const char* lang;
} ZeekSurroundings;

/* A vector of NAME=value for strv_free(). Where nobody says what Zeek's own path is and it has to be said (because a
 * layout goes before it, or a script of ours is loaded), it is the default below the prefix of the binary, the directory above binary_directory. */
char** zeek_environment(const ZeekSurroundings* around, const ZeekSettings* settings, const NodeSpec* spec);
