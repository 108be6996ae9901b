/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Zeek's cluster table (Supervisor::NodeConfig$cluster): name → endpoint. Immutable once it is complete, and
 * shared by the nodes that have the same one. */

#include "core/record.h"
#include "core/role.h"

/* A cluster of four thousand processes is far beyond what Zeek runs; the bound is for what a caller may send. */
#define CLUSTER_ENDPOINTS_MAX 4096U
#define CLUSTER_BYTES_MAX (512U * 1024) /* of all names and texts in it */

typedef struct ClusterEndpoint {
        Record record;
        char* name;
        Role role;
        char* role_name; /* as given */
        char* host;      /* IPv4 or IPv6 address as text */
        uint64_t port;   /* 0: none */
        char* interface;
        char* pcap_file;
        uint64_t metrics_port; /* 0: none */
} ClusterEndpoint;

typedef struct ClusterTable {
        unsigned n_ref;
        size_t n, allocated;
        ClusterEndpoint* endpoints; /* by name, ascending */
} ClusterTable;

/* The fields of an endpoint but its name, which is the table's key. */
extern const RecordType cluster_endpoint_type;

ClusterTable* cluster_table_new(void);
ClusterTable* cluster_table_ref(ClusterTable* t);
ClusterTable* cluster_table_unref(ClusterTable* t);
DEFINE_CLEANUP(ClusterTable*, cluster_table_unref)
#define _cleanup_cluster_table_ _cleanup_(cluster_table_unrefp)

/* A new endpoint for a reader to fill. -EINVAL with *e for a bad or repeated name or a full table. */
int cluster_table_add(ClusterTable* t, const char* name, ClusterEndpoint** ret, ConfigError* e);
/* After all fields of an endpoint were set: checks what must be there. Keys in *e are relative to the table. */
int cluster_endpoint_finish(ClusterEndpoint* endpoint, ConfigError* e);
/* Sorts, and checks what concerns the whole. After this the table does not change. */
int cluster_table_finish(ClusterTable* t, ConfigError* e);

const ClusterEndpoint* cluster_table_find(const ClusterTable* t, const char* name);
bool cluster_table_has_role(const ClusterTable* t, Role role) _pure_;
bool cluster_table_equal(const ClusterTable* a, const ClusterTable* b);
