/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/launch-order.h"
#include "supervisor/order-entry.h"
#include "supervisor/scope-limits.h"
#include "supervisor/seccomp-order.h"
#include "util/hash.h"
#include "util/parse.h"
#include "util/strv.h"
#include "wire/names.h"
#include "zeek/command.h"
#include "zeek/environment.h"

/* The service manager asks us to stop the node, and waits for longer than we do. */
#define STOP_MARGIN_USEC (30 * USEC_PER_SEC)

/* At shutdown a unit is stopped before those that it is ordered after: the supervisor goes first, and ends the nodes
 * in their order while their scopes are still there. */
#define SUPERVISOR_UNIT "zeek-supervisor.service"

#define CPU_MAX 8191U

static char* working_directory(const NodeSpec* spec, const char* state_directory) {
        const char* directory = spec->directory ? spec->directory : spec->name;

        return directory[0] == '/' ? xstrdup(directory) : xasprintf("%s/nodes/%s", state_directory, directory);
}

int launch_order_init(LaunchOrder* order, const Configuration* c, const NodeSpec* spec, const LaunchPaths* paths,
                      char** ret_why) {
        const Account* account = &c->accounts[spec->role];
        const char* profile = configuration_seccomp(c, spec);
        const SeccompProfile* seccomp;
        _cleanup_free_ char* why = NULL;

        /* To run unconfined what was to be confined would be worse than not to run it. */
        if (seccomp_profiles_find(&c->profiles, profile, &seccomp, &why) < 0) {
                *ret_why = xasprintf("load seccomp profile '%s': %s", profile, why);
                return -EINVAL;
        }
        if (c->binary_problem || account->problem) {
                *ret_why = xstrdup(c->binary_problem ? c->binary_problem : account->problem);
                return -EINVAL;
        }

        *order = (LaunchOrder) {
                .spec = spec,
                .settings = &c->settings->roles[spec->role],
                .account = paths->user_mode ? NULL : account,
                .seccomp = seccomp,
                .arguments = zeek_command(c->binary, &c->settings->zeek, c->version, spec),
                .environment = zeek_environment(
                        &(ZeekSurroundings) {
                                .binary_directory = c->binary_directory,
                                .zeek_path = c->zeek_path,
                                .layout_directory = paths->layout_directory,
                                .node_config_file = paths->node_config,
                                .script_directory = SCRIPT_DIRECTORY,
                                .log_queue = zeek_loads_logger_script(c->version, spec) ? paths->log_queue : NULL,
                                .user = account->name,
                                .home = account->home,
                                .shell = account->shell,
                                .lang = getenv("LANG"),
                        },
                        &c->settings->zeek, spec),
                .directory = working_directory(spec, paths->state_directory),
                .layout_directory = xstrdup_or_null(paths->layout_directory),
                .status_file = zeek_command_status_file(c->version),
        };
        return 0;
}

void launch_order_done(LaunchOrder* order) {
        strv_free(order->arguments);
        strv_free(order->environment);
        free(order->directory);
        free(order->layout_directory);
        *order = (LaunchOrder) {};
}

/* ---- properties of the scope ---- */

static int append_scope_properties(sd_bus_message* m, const LaunchOrder* order, const char* slice) {
        const NodeSpec* spec = order->spec;
        _cleanup_free_ char* description = xasprintf("Zeek %s %s", role_to_string(spec->role), spec->name);
        usec_t stop_timeout = node_spec_has(spec, "stop_timeout_usec") ? spec->stop_timeout_usec :
                                                                         order->settings->stop_timeout_usec;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", description, "Slice", "s", slice,
                                          "Before", "as", 1, SUPERVISOR_UNIT, "Controller", "s", SUPERVISOR_BUS_NAME,
                                          "TimeoutStopUSec", "t", saturating_add_u64(stop_timeout, STOP_MARGIN_USEC),
                                          /* when memory is out all of the node goes at once, nothing of it half dead;
                                           * and only with this policy, or its default, does the scope say so */
                                          "OOMPolicy", "s", "kill");
        if (r >= 0)
                r = scope_limits_append(m, spec, order->settings);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- the order ---- */

static int append_string_entry(sd_bus_message* m, const char* key, const char* s) {
        return s ? sd_bus_message_append(m, "{sv}", key, "s", s) : 0;
}

static int append_affinity(sd_bus_message* m, int64_t cpu) {
        uint8_t mask[CPU_MAX / 8 + 1] = {};
        size_t byte = (size_t) cpu / 8;
        int r;

        mask[byte] = (uint8_t) (1U << cpu % 8);
        r = order_open_entry(m, "CPUAffinity", "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', mask, byte + 1);
        return r < 0 ? r : order_close_entry(m);
}

/* What a process has of its own: user, priority, limits. */
static int append_process(sd_bus_message* m, const LaunchOrder* order) {
        const NodeSettings* role = order->settings;
        const NodeSpec* spec = order->spec;
        OptionalInt nice = role->nice;
        int r;

        if (node_spec_has(spec, "nice"))
                nice = (OptionalInt) { .set = true, .value = (int) spec->nice };

        r = sd_bus_message_append(m, "{sv}{sv}", "TruncateOutputFiles", "b", (int) role->truncate_output_files, "UMask",
                                  "u", role->umask);
        if (r >= 0 && order->account)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "UID", "u", (uint32_t) order->account->uid, "GID", "u",
                                          (uint32_t) order->account->gid, "AmbientCapabilities", "t",
                                          role->ambient_capabilities);
        if (r >= 0 && nice.set)
                r = sd_bus_message_append(m, "{sv}", "Nice", "i", nice.value);
        if (r >= 0 && role->oom_score_adjust.set)
                r = sd_bus_message_append(m, "{sv}", "OOMScoreAdjust", "i", role->oom_score_adjust.value);
        if (r >= 0 && node_spec_has(spec, "cpu_affinity"))
                r = append_affinity(m, spec->cpu_affinity);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "ResourceLimits", "a{st}", 2, "NOFILE", role->limit_nofile, "CORE",
                                          role->limit_core);
        return r;
}

int launch_order_append(sd_bus_message* m, const LaunchOrder* order, const ScopePlace* place) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_string_entry(m, "Name", order->spec->name);
        if (r >= 0)
                r = append_string_entry(m, "Scope", place->scope);
        if (r >= 0)
                r = append_string_entry(m, "SliceControlGroup", place->slice_group);
        if (r >= 0)
                r = order_open_entry(m, "ScopeProperties", "a(sv)");
        if (r >= 0)
                r = append_scope_properties(m, order, place->slice);
        if (r >= 0)
                r = order_close_entry(m);
        if (r >= 0)
                r = order_append_strv(m, "Arguments", order->arguments);
        if (r >= 0)
                r = order_append_strv(m, "Environment", order->environment);
        if (r >= 0)
                r = append_string_entry(m, "WorkingDirectory", order->directory);
        if (r >= 0)
                r = append_string_entry(m, "StandardOutputFile", order->spec->stdout_file);
        if (r >= 0)
                r = append_string_entry(m, "StandardErrorFile", order->spec->stderr_file);
        if (r >= 0)
                r = append_string_entry(m, "StatusFile", order->status_file);
        if (r >= 0)
                r = append_process(m, order);
        if (r >= 0 && order->seccomp)
                r = seccomp_order_append(m, order->seccomp);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- hash ---- */

static uint64_t hash_string(uint64_t hash, const char* s) {
        return s ? hash_bytes(hash, s, strlen(s) + 1) : hash_bytes(hash, "\xff", 1);
}

/* Which layout it is does not count, only that there is one: it is what others are like. */
static uint64_t hash_environment(uint64_t hash, const LaunchOrder* order) {
        const char* directory = order->layout_directory;

        STRV_FOREACH(assignment, order->environment) {
                const char *rest = *assignment, *found;

                while (directory && (found = strstr(rest, directory))) {
                        hash = hash_bytes(hash, rest, (size_t) (found - rest));
                        hash = hash_string(hash, NULL);
                        rest = found + strlen(directory);
                }
                hash = hash_string(hash, rest);
        }
        return hash_string(hash, NULL);
}

/* What others are told of it. */
static uint64_t hash_endpoint(uint64_t hash, const ClusterEndpoint* own) {
        const uint64_t ports[] = { own ? own->port : 0, own ? own->metrics_port : 0 };

        hash = hash_string(hash, own ? own->role_name : NULL);
        hash = hash_string(hash, own ? own->host : NULL);
        hash = hash_string(hash, own ? own->interface : NULL);
        hash = hash_string(hash, own ? own->pcap_file : NULL);
        return hash_bytes(hash, ports, sizeof ports);
}

uint64_t launch_order_hash(const LaunchOrder* order) {
        const NodeSettings* role = order->settings;
        const NodeSpec* spec = order->spec;
        const int64_t numbers[] = {
                order->account ? (int64_t) order->account->uid : -1,
                order->account ? (int64_t) order->account->gid : -1,
                role->truncate_output_files,
                role->umask,
                (int64_t) role->ambient_capabilities,
                role->nice.set ? role->nice.value : INT64_MAX,
                role->oom_score_adjust.set ? role->oom_score_adjust.value : INT64_MAX,
                (int64_t) role->limit_nofile,
                (int64_t) role->limit_core,
                node_spec_has(spec, "nice") ? spec->nice : INT64_MAX,
                node_spec_has(spec, "cpu_affinity") ? spec->cpu_affinity : -1,
        };
        uint64_t hash = HASH_BASIS;

        hash = hash_strv(hash, order->arguments);
        hash = hash_environment(hash, order);
        hash = hash_string(hash, order->directory);
        hash = hash_string(hash, spec->stdout_file);
        hash = hash_string(hash, spec->stderr_file);
        hash = hash_endpoint(hash, cluster_table_find(spec->cluster, spec->name));
        hash = hash_bytes(hash, numbers, sizeof numbers);
        return order->seccomp ? seccomp_order_hash(hash, order->seccomp) : hash;
}
