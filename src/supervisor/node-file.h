/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* node.cfg on its way to nodes: read and checked in the thread that reads the other files, then its hosts are looked up by
 * somebody who may wait for that, then the nodes are made.
 *
 * An administrator's file is applied whole or not at all: whatever is wrong with it is among its errors, and with errors
 * there are no nodes. That there is no file is no error, and that one is empty is: so it looks after a write that failed. */

#include "config/node-cfg.h"

/* How much of what is wrong is told to who called Reload; the journal has all of it. */
#define NODE_FILE_ERRORS_TOLD 20U

typedef struct NodeFile {
        char* path;        /* NULL: there is none */
        NodeCfg* cfg;      /* until its hosts are known; NULL: there is nothing to ask */
        Diagnostics errors;
        bool hosts_unknown; /* some are, which is an error of the file, and may be none later */
        StaticNodes nodes;  /* of all machines */
} NodeFile;

void node_file_done(NodeFile* file);

/* Of the system's directories, or of a user's own: what the administrator wants of the machine is not for each user to
 * start. Blocks. */
void node_file_read(NodeFile* file, bool user_mode, const ZeekControlSettings* settings, Diagnostics* doubts);

/* The names to be looked up; an empty vector: none. */
char* const* node_file_hosts(const NodeFile* file);
/* What zeek-hosts printed about them; or why it printed nothing. */
void node_file_take_hosts(NodeFile* file, const char* output, Diagnostics* doubts);
void node_file_lack_hosts(NodeFile* file, const char* why);
/* Looks them up itself. Blocks. */
void node_file_look_up_hosts(NodeFile* file, Diagnostics* doubts);

/* The nodes for this machine to run, in the order in which a cluster starts. The array is the caller's, the nodes are not. */
NodeSpec** node_file_own_nodes(const NodeFile* file, size_t* ret_n);

/* The node of this name, on whatever machine; NULL: it makes none. */
const NodeSpec* node_file_find(const NodeFile* file, const char* name);

/* Adds an error about a node that it makes. */
void node_file_refuse(NodeFile* file, const char* node, const char* format, ...) _printf_(3, 4);
/* All that is wrong, a line each, up to NODE_FILE_ERRORS_TOLD; NULL: nothing. */
char* node_file_problem(const NodeFile* file);
