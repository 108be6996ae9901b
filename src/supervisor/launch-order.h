/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* From a node's configuration and the daemon's to an order for the stem: everything about a process and its scope,
 * decided. */

#include "supervisor/configuration.h"

typedef struct LaunchPaths {
        const char* state_directory;
        const char* layout_directory; /* of the file cluster-layout.zeek; NULL: the node stands alone */
        const char* node_config;      /* the node's configuration as JSON */
        const char* log_queue;        /* for rotated logs */
        bool user_mode;
} LaunchPaths;

typedef struct LaunchOrder {
        const NodeSpec* spec; /* weak, as is what it was made from */
        const NodeSettings* settings;
        const Account* account; /* NULL: whoever the stem is */
        const SeccompProfile* seccomp; /* NULL: none */
        char** arguments;
        char** environment;
        char* directory;
        char* layout_directory;
        const char* status_file; /* static; NULL: none */
} LaunchOrder;

/* Fails with -EINVAL and an allocated description in *ret_why, "STEP: why", when there is nothing to order. */
int launch_order_init(LaunchOrder* order, const Configuration* c, const NodeSpec* spec, const LaunchPaths* paths,
                      char** ret_why);
void launch_order_done(LaunchOrder* order);
#define _cleanup_launch_order_ _cleanup_(launch_order_done)

typedef struct ScopePlace {
        const char* scope;
        const char* slice;
        const char* slice_group; /* its control group */
} ScopePlace;

/* Appends the order as the a{sv} that org.zeek.Stem.Launch takes. */
int launch_order_append(sd_bus_message* m, const LaunchOrder* order, const ScopePlace* place);

/* Equal for orders that make the same process. The limits of the scope do not count, nor does its slice, nor what the
 * cluster's layout says of other nodes. What is hashed differs from version to version of the daemon: so has LIFE_VERSION (state-files.c). */
uint64_t launch_order_hash(const LaunchOrder* order);
