/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node is to be: Zeek's Supervisor::NodeConfig and the keys of ours, checked. Immutable once
 * node_spec_finish() said yes; shared by reference. */

#include "core/cluster-table.h"
#include "core/record.h"
#include "core/role.h"
#include "util/usec.h"

typedef enum RestartPolicy {
        RESTART_ALWAYS, /* Zeek's: any exit is followed by a start */
        RESTART_ON_FAILURE,
        RESTART_NEVER,
        _RESTART_POLICY_MAX,
        _RESTART_POLICY_INVALID = -EINVAL,
} RestartPolicy;

DECLARE_ENUM_TABLE(restart_policy, RestartPolicy);

typedef struct NodeSpec {
        Record record;
        unsigned n_ref;

        char* name;
        char* interface;
        char* pcap_file;
        char* directory;
        char* stdout_file;
        char* stderr_file;
        bool bare_mode;
        char** addl_base_scripts;
        char** addl_user_scripts;
        char** env;
        int64_t cpu_affinity;
        ClusterTable* cluster; /* NULL or empty: the node stands alone */

        char* restart_name; /* as given */
        uint64_t stop_timeout_usec;
        uint64_t memory_max;
        uint64_t memory_high;
        uint64_t memory_swap_max;
        uint64_t tasks_max;
        uint64_t cpu_quota_per_sec_usec;
        uint64_t cpu_weight;
        uint64_t io_weight;
        char* allowed_cpus;
        int64_t nice;
        char* seccomp;

        /* derived by node_spec_finish() */
        RestartPolicy restart; /* meaningful if the field restart is present */
        Role role;
} NodeSpec;

extern const RecordType node_spec_type;

/* Is the field of this name present? For numbers and bools, whose value alone does not tell. */
bool node_spec_has(const NodeSpec* spec, const char* field);

NodeSpec* node_spec_new(void);
/* Complete, with nothing but a name, which must be good. */
NodeSpec* node_spec_new_minimal(const char* name);
NodeSpec* node_spec_ref(NodeSpec* spec);
NodeSpec* node_spec_unref(NodeSpec* spec);
DEFINE_CLEANUP(NodeSpec*, node_spec_unref)
#define _cleanup_node_spec_ _cleanup_(node_spec_unrefp)

/* Checks what concerns more than one field and derives role and policy. -EINVAL with *e. */
int node_spec_finish(NodeSpec* spec, ConfigError* e);

/* Refuses what only files of the administrator may ask for, who decides about the machine anyway. -EINVAL with *e. */
int node_spec_check_caller(const NodeSpec* spec, ConfigError* e);

bool node_spec_equal(const NodeSpec* a, const NodeSpec* b);
