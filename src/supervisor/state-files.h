/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the daemon remembers of its nodes beyond its own end: three files a node in the runtime directory. NAME.config is
 * its configuration, written once; NAME.life is where it stands, written whenever that changed and before anything is
 * done about it, so that the next daemon finishes what this one began; both are replaced atomically. NAME.lines is how
 * many lines it has written (line-counters.h).
 *
 * The life is a list of KEY=number or KEY=word: nothing of it comes from outside, so nothing in it can be mistaken. */

#include "core/registry.h"
#include "supervisor/line-counters.h"

typedef struct StateFiles StateFiles;

/* Makes the directory. A directory that cannot be made is a warning: everything works, and nothing is remembered. */
StateFiles* state_files_new(const char* runtime_directory);
StateFiles* state_files_free(StateFiles* f);

/* Writes unless the file says so already; *hash is what it says, 0 at first. Of a new node the configuration comes last:
 * without it the others are no node. */
void state_files_write_life(StateFiles* f, const Node* node, uint64_t* hash);
void state_files_write_config(StateFiles* f, const NodeSpec* spec);
/* The counters of a node's lines, from zero if it is new; what cannot be read begins anew too, which is said in the log.
 * NULL: they cannot be kept. */
KeptCounters* state_files_open_lines(StateFiles* f, const char* name, bool is_new);
void state_files_remove(StateFiles* f, const char* name);

/* Calls back with each remembered node's configuration: NULL if it cannot be made sense of, which is said in the log.
 * What is left of nodes that were being made or forgotten when a daemon ended is removed. */
void state_files_load(StateFiles* f, void (*found)(const char* name, NodeSpec* spec, void* userdata), void* userdata);

/* Reads the life of a node into it. On failure, which is said in the log, the node is lost (node_lose()).
 * *ret_knows_launch is false then, and if a daemon wrote it that did not tell what the node was launched with. *hash is
 * that of what was read, for state_files_write_life(); it stays as it is on failure. */
int state_files_read_life(StateFiles* f, Node* node, uint64_t* hash, bool* ret_knows_launch);
