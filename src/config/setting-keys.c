/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/setting-keys.h"
#include "config/settings.h"

#define AT(member) offsetof(SupervisorSettings, member)

static const SettingKey supervisor_keys[] = {
        { "MaxNodes", &setting_count, AT(max_nodes), "1024", .min = 1, .max = MAX_NODES_MAX },
        /* up to some 64 siblings the service manager starts a scope as fast as among few */
        { "NodesPerSlice", &setting_count, AT(nodes_per_slice), "64", .max = MAX_NODES_MAX },
        { "LogLevel", &setting_log_level, AT(log_level), "info" },
        { "AdoptTimeoutSec", &setting_span, AT(adopt_timeout_usec), "30s", .max = USEC_INFINITY },
};

#undef AT
#define AT(member) offsetof(ZeekSettings, member)

static const SettingKey zeek_keys[] = {
        { "Binary", &setting_path, AT(binary) },
        { "Scripts", &setting_scripts, AT(scripts), "local" },
        { "Backend", &setting_backend, AT(backend), "auto" },
        { "ScriptPath", &setting_path_list, AT(script_path) },
        { "Arguments", &setting_arguments, AT(arguments) },
        { "Environment", &setting_environment, AT(environment) },
};

#undef AT
#define AT(member) offsetof(ZeekControlSettings, member)

/* The defaults are ZeekControl's. */
static const SettingKey zeek_control_keys[] = {
        { "ZeekPort", &setting_count, AT(zeek_port), "27760", .min = 1, .max = UINT16_MAX },
        { "MetricsPort", &setting_count, AT(metrics_port), "9991", .max = UINT16_MAX },
        { "PFRINGClusterID", &setting_count, AT(pf_ring_cluster_id), "21", .max = UINT8_MAX },
        { "PFRINGClusterType", &setting_pf_ring_type, AT(pf_ring_cluster_type), "4-tuple" },
        { "PFRINGFirstAppInstance", &setting_count, AT(pf_ring_first_app_instance), "0", .max = UINT16_MAX },
        { "InterfacePrefix", &setting_affix, AT(interface_prefix) },
        { "InterfaceSuffix", &setting_affix, AT(interface_suffix) },
};

#undef AT
#define AT(member) offsetof(ArchiverSettings, member)

static const SettingKey archiver_keys[] = {
        { "Archive", &setting_bool, AT(archive), "yes" },
        { "Binary", &setting_path, AT(binary) },
        { "Arguments", &setting_arguments, AT(arguments) },
        { "LogQueueDirectory", &setting_path, AT(log_queue_directory) },
        { "LogDirectory", &setting_path, AT(log_directory) },
};

#undef AT
#define AT(member) offsetof(NodeSettings, member)

static const SettingKey node_keys[] = {
        { "User", &setting_account, AT(user), ZEEK_USER },
        { "Group", &setting_account, AT(group) },
        { "Restart", &setting_restart, AT(restart), "always" },
        { "RestartDelaySec", &setting_span, AT(restart_delay_usec), "1s", .min = RESTART_DELAY_USEC_MIN,
          .max = 24 * USEC_PER_HOUR },
        /* Zeek's curve has no end: after a night of crashes it would wait for more than an hour */
        { "RestartDelayMaxSec", &setting_span, AT(restart_delay_max_usec), "5min", .min = RESTART_DELAY_USEC_MIN,
          .max = USEC_INFINITY },
        { "RestartResetSec", &setting_span, AT(restart_reset_usec), "30s", .max = USEC_INFINITY },
        { "RestartAttempts", &setting_count, AT(restart_attempts), "0", .max = UINT32_MAX },
        { "RestartPreventExitStatus", &setting_exit_reasons, AT(restart_prevent_exit_status) },
        { "StopTimeoutSec", &setting_span, AT(stop_timeout_usec), "60s", .max = USEC_INFINITY },
        /* ZeekControl's 3 s are too short for large sets of scripts */
        { "ReadyTimeoutSec", &setting_span, AT(ready_timeout_usec), "60s", .max = USEC_INFINITY },
        { "MemoryMax", &setting_memory, AT(memory_max), "infinity", .min = 1, .max = UINT64_MAX },
        { "MemoryHigh", &setting_memory, AT(memory_high), "infinity", .min = 1, .max = UINT64_MAX },
        /* a leaking node that may swap takes the whole machine down with it instead of being killed and restarted */
        { "MemorySwapMax", &setting_memory, AT(memory_swap_max), "0", .max = UINT64_MAX },
        { "TasksMax", &setting_limit, AT(tasks_max), .min = 1, .max = UINT64_MAX },
        { "CPUQuota", &setting_cpu_quota, AT(cpu_quota_per_sec_usec), "infinity", .min = 1, .max = UINT64_MAX },
        { "CPUWeight", &setting_limit, AT(cpu_weight), .min = 1, .max = 10000 },
        { "IOWeight", &setting_limit, AT(io_weight), .min = 1, .max = 10000 },
        { "AllowedCPUs", &setting_cpus, AT(allowed_cpus) },
        { "Nice", &setting_nice, AT(nice) },
        { "OOMScoreAdjust", &setting_oom_score, AT(oom_score_adjust) },
        /* with none at all some versions of Zeek take gigabytes for a table of descriptors (zeek/zeek#2951); the
         * manager of a large cluster has a few thousand */
        { "LimitNOFILE", &setting_count, AT(limit_nofile), "65536", .min = 64, .max = UINT64_MAX },
        /* as under ZeekControl; systemd-coredump takes the core where it is installed */
        { "LimitCORE", &setting_size, AT(limit_core), "infinity", .max = UINT64_MAX },
        { "UMask", &setting_mode, AT(umask), "0022", .max = 0777 },
        { "AmbientCapabilities", &setting_capabilities, AT(ambient_capabilities) },
        { "Seccomp", &setting_profile, AT(seccomp) },
        { "TruncateOutputFiles", &setting_bool, AT(truncate_output_files), "yes" },
        { "LineMax", &setting_size, AT(line_max), "48K", .min = LINE_MAX_MIN, .max = LINE_MAX_MAX },
        { "LogRateLimitIntervalSec", &setting_span, AT(log_rate_limit_interval_usec), "0",
          .max = 24 * USEC_PER_HOUR },
        { "LogRateLimitBurst", &setting_count, AT(log_rate_limit_burst), "10000", .min = 1, .max = UINT32_MAX },
};

#undef AT

const SettingGroup supervisor_setting_group = { supervisor_keys, ELEMENTSOF(supervisor_keys) };
const SettingGroup zeek_setting_group = { zeek_keys, ELEMENTSOF(zeek_keys) };
const SettingGroup zeek_control_setting_group = { zeek_control_keys, ELEMENTSOF(zeek_control_keys) };
const SettingGroup archiver_setting_group = { archiver_keys, ELEMENTSOF(archiver_keys) };
const SettingGroup node_setting_group = { node_keys, ELEMENTSOF(node_keys) };

static_assert(ELEMENTSOF(node_keys) <= 64, "which keys were assigned is remembered in 64 bits");

const SettingKey* setting_group_find(const SettingGroup* group, const char* name) {
        for (size_t i = 0; i < group->n_keys; i++)
                if (strcmp(group->keys[i].name, name) == 0)
                        return &group->keys[i];
        return NULL;
}

const char* node_setting_default(const SettingKey* key, Role role) {
        /* what captures packets needs to be allowed to, and nothing else does */
        if (key->type == &setting_capabilities)
                return role == ROLE_WORKER || role == ROLE_STANDALONE ? "CAP_NET_RAW" : NULL;
        /* each role has a profile of its name */
        if (key->type == &setting_profile)
                return role_to_string(role);
        return key->default_value;
}
