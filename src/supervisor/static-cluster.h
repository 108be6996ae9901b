/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The nodes that node.cfg wants beside those that callers have created.
 *
 * What is not wanted any more goes first, workers before loggers, because what comes may need its ports; then what is
 * new is created, and what changed is started again role by role. A runtime node that is just what the file wants becomes
 * static, and goes on; one that is in the way is an error of the file. Destroying a static node lasts until the file is
 * applied again. */

#include <systemd/sd-bus.h>

#include "supervisor/configuration.h"

typedef struct StaticCluster StaticCluster;
typedef struct Supervisor Supervisor;

int static_cluster_new(Supervisor* s, StaticCluster** ret);
StaticCluster* static_cluster_free(StaticCluster* cluster);

/* Can what the file wants be beside the runtime nodes that there are? Else there are errors in it. */
void static_cluster_check(const StaticCluster* cluster, Configuration* c);

/* Its hosts are not known, and nothing of it is in force: reads the files again in a while. */
void static_cluster_retry(StaticCluster* cluster);

/* Has the nodes become what the file of the present configuration wants, as far as they can without being started or
 * stopped. */
void static_cluster_change(StaticCluster* cluster);
/* After that: starts and stops what is to be, outdated nodes included. */
void static_cluster_go_on(StaticCluster* cluster);
/* Those that were to go are gone. */
void static_cluster_dropped(StaticCluster* cluster);

/* Appends a(ss): what applying the configuration would do, as in the method Diff. */
int static_cluster_append_difference(const StaticCluster* cluster, const Configuration* c, sd_bus_message* m);
