/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A node that has read its scripts, from RUNNING to its end: packets, signals, directives, rotation, in one
 * ppoll() loop that sleeps whenever nothing happens. */

#include "stand-in/capture.h"
#include "stand-in/directives.h"
#include "stand-in/rotation.h"
#include "stand-in/status-file.h"

typedef struct NodeOptions {
        const Directives* directives;
        const char* inherited;      /* what the step show prints */
        const StatusFile* status;
        const Rotation* rotation;
        const char* cluster_node;   /* NULL: none */
        Capture* capture;           /* NULL: none */
        bool stay;                  /* goes on when there is nothing left to do */
        bool writes_cluster_log;
        bool print_connections;
} NodeOptions;

/* Runs the node; its exit status, or a negative errno when it could not begin or go on (said on stderr).
 * *ret_threads_left: steps are still under way in a thread that uses the options, so they have to stay. */
int node_run(const NodeOptions* options, bool* ret_threads_left);
