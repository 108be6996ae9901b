/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The output of one incarnation of a node: both its pipes, from the time the process is there until its scope is gone
 * and the last line is in the journal.
 *
 * What a node's output is known by (counters, last lines) is a state of the node's, which goes from one incarnation to
 * the next. */

#include "core/role.h"
#include "supervisor/output-stream.h"

void node_output_state_init(NodeOutputState* state);
void node_output_state_done(NodeOutputState* state);
/* Goes on counting where these are, and keeps them; takes them over. */
void node_output_state_keep(NodeOutputState* state, KeptCounters* kept);
/* The last lines of both streams, or of one, as D-Bus can hold them. The caller frees the vector. */
char** node_output_state_last_lines(const NodeOutputState* state);
char** node_output_state_last_lines_of(const NodeOutputState* state, Stream stream);

typedef struct NodeOutputConfig {
        const char* node;
        Role role;
        const char* scope;
        pid_t pid;
        bool user_mode;
        size_t line_max; /* LINE_MAX_SMALLEST … LINE_MAX_LARGEST; values beyond count as these */
        usec_t rate_limit_interval; /* 0: no limit */
        uint64_t rate_limit_burst;  /* lines in one interval, of both streams together */
        int out_fd;      /* read ends of pipes; empty for a stream that goes elsewhere, to a file */
        int err_fd;
        NodeOutputState* state;          /* weak */
        void (*changed)(void* userdata); /* called from the loop, at most once in each of its turns, after the state
                                          * has changed; must not free anything here */
        void* userdata;
} NodeOutputConfig;

typedef struct NodeOutput NodeOutput;

/* Takes both descriptors, also on failure, and begins to forward. Keeps nothing of config but what is weak in it. */
int node_output_new(OutputHub* hub, const NodeOutputConfig* config, NodeOutput** ret);

/* What is in the pipes stays there for the next one who reads them; the callback of node_output_finish() is not called
 * any more. */
NodeOutput* node_output_free(NodeOutput* o);
DEFINE_CLEANUP(NodeOutput*, node_output_free)
#define _cleanup_node_output_ _cleanup_(node_output_freep)

/* The read end of a stream's pipe, borrowed; empty if it has ended. */
int node_output_fd(const NodeOutput* o, Stream stream);

/* The node's scope is gone: sends what is in the pipes now, what has no newline too, and then calls finished() once,
 * from the loop, however long the journal makes it wait. A process that left the scope and holds a pipe open does not
 * hold this up; what it writes later goes nowhere. The object may be freed in finished(). */
void node_output_finish(NodeOutput* o, void (*finished)(void* userdata), void* userdata);
