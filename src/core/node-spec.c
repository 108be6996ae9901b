/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node-name.h"
#include "core/node-spec.h"
#include "util/escape.h"
#include "util/parse.h"
#include "util/strv.h"

#define PATH_BYTES_MAX 4095U
#define ENV_VALUE_MAX 32768U
#define CPU_MAX 8191U

static const char* const restart_policy_table[_RESTART_POLICY_MAX] = {
        [RESTART_ALWAYS] = "always",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_NEVER] = "never",
};

DEFINE_ENUM_TABLE(restart_policy, RestartPolicy)

static char* check_text(const char* value) {
        if (!*value)
                return xstrdup("must not be empty");
        if (!string_has_no_control(value))
                return xstrdup("must not hold control characters");
        return NULL;
}

static char* check_path(const char* value) {
        char* why = check_text(value);

        if (why)
                return why;
        for (const char* p = value; *p;) {
                size_t length = strcspn(p, "/");

                if (length == 2 && p[0] == '.' && p[1] == '.')
                        return xstrdup("must not hold '..'");
                p += length;
                p += strspn(p, "/");
        }
        return NULL;
}

static char* check_script(const char* value) {
        if (value[0] == '-')
                return xstrdup("must not begin with '-': Zeek would take it for an option");
        return check_text(value);
}

static char* check_restart(const char* value) {
        if (restart_policy_from_string(value) >= 0)
                return NULL;
        return xstrdup("must be always, on-failure or never");
}

static char* check_cpus(const char* value) {
        if (parse_cpu_set(value, CPU_MAX, NULL, NULL) >= 0)
                return NULL;
        return xstrdup("must be a list of CPU numbers and ranges such as '0-3,8'");
}

static char* check_profile(const char* value) {
        if (*value && *value != '.' &&
            !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")])
                return NULL;
        return xstrdup("must be the name of a profile: letters, digits, '_', '.' and '-'");
}

/* What ld.so(8) ignores in secure-execution mode, and the words with which the service manager speaks to its
 * services. A caller on the bus must not reach the loading of a program that still has privileges, nor
 * pretend to be the manager. */
static bool env_name_is_unsafe(const char* name) {
        static const char* const prefixes[] = { "LD_", "GLIBC_" };
        static const char* const names[] = {
                "GCONV_PATH",      "GETCONF_DIR",    "HOSTALIASES",   "INVOCATION_ID",  "JOURNAL_STREAM",
                "LISTEN_FDNAMES",  "LISTEN_FDS",     "LISTEN_PID",    "LOCALDOMAIN",    "LOCPATH",
                "MALLOC_CHECK_",   "MALLOC_PERTURB_", "MALLOC_TOP_PAD_", "MALLOC_TRACE", "MANAGERPID",
                "NIS_PATH",        "NLSPATH",        "NOTIFY_SOCKET", "RESOLV_HOST_CONF", "RES_OPTIONS",
                "TMPDIR",          "TZDIR",          "WATCHDOG_PID",  "WATCHDOG_USEC",  "ZEEK_STEM",
        };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

static char* check_env_name(const char* name) {
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
        size_t length = strlen(name);

        if (length == 0 || length > 256 || name[strspn(name, allowed)] || (name[0] >= '0' && name[0] <= '9'))
                return xstrdup("is no valid name of an environment variable");
        return NULL;
}

#define AT(member) offsetof(NodeSpec, member)

static const Field node_spec_fields[] = {
        { "name", FIELD_STRING, AT(name), .max = PATH_BYTES_MAX, .check = node_name_check },
        { "interface", FIELD_STRING, AT(interface), .max = 256, .check = check_text },
        { "pcap_file", FIELD_STRING, AT(pcap_file), .max = PATH_BYTES_MAX, .check = check_text },
        { "directory", FIELD_STRING, AT(directory), .max = PATH_BYTES_MAX, .check = check_path },
        { "stdout_file", FIELD_STRING, AT(stdout_file), .max = PATH_BYTES_MAX, .check = check_path },
        { "stderr_file", FIELD_STRING, AT(stderr_file), .max = PATH_BYTES_MAX, .check = check_path },
        { "bare_mode", FIELD_BOOL, AT(bare_mode) },
        { "addl_base_scripts", FIELD_STRV, AT(addl_base_scripts), .max = PATH_BYTES_MAX, .check = check_script },
        { "addl_user_scripts", FIELD_STRV, AT(addl_user_scripts), .max = PATH_BYTES_MAX, .check = check_script },
        { "env", FIELD_ENV, AT(env), .max = ENV_VALUE_MAX, .check = check_env_name },
        { "cpu_affinity", FIELD_SIGNED, AT(cpu_affinity), .min = 0, .max = CPU_MAX },
        { "cluster", FIELD_CLUSTER, AT(cluster) },
        { "restart", FIELD_STRING, AT(restart_name), .max = 32, .check = check_restart },
        { "stop_timeout_usec", FIELD_UNSIGNED, AT(stop_timeout_usec), .max = UINT64_MAX },
        { "memory_max", FIELD_UNSIGNED, AT(memory_max), .min = 1, .max = UINT64_MAX },
        { "memory_high", FIELD_UNSIGNED, AT(memory_high), .min = 1, .max = UINT64_MAX },
        { "memory_swap_max", FIELD_UNSIGNED, AT(memory_swap_max), .max = UINT64_MAX },
        { "tasks_max", FIELD_UNSIGNED, AT(tasks_max), .min = 1, .max = UINT64_MAX },
        { "cpu_quota_per_sec_usec", FIELD_UNSIGNED, AT(cpu_quota_per_sec_usec), .min = 1, .max = UINT64_MAX },
        { "cpu_weight", FIELD_UNSIGNED, AT(cpu_weight), .min = 1, .max = 10000 },
        { "io_weight", FIELD_UNSIGNED, AT(io_weight), .min = 1, .max = 10000 },
        { "allowed_cpus", FIELD_STRING, AT(allowed_cpus), .max = 1024, .check = check_cpus },
        { "nice", FIELD_SIGNED, AT(nice), .min = -20, .max = 19 },
        { "seccomp", FIELD_STRING, AT(seccomp), .max = 64, .check = check_profile },
};

const RecordType node_spec_type = { node_spec_fields, ELEMENTSOF(node_spec_fields) };

bool node_spec_has(const NodeSpec* spec, const char* name) {
        const Field* field = record_find_field(&node_spec_type, name);

        assert(field);
        return record_has(&node_spec_type, &spec->record, field);
}

NodeSpec* node_spec_new(void) {
        NodeSpec* spec = xnew0(NodeSpec);

        spec->n_ref = 1;
        spec->role = ROLE_STANDALONE;
        return spec;
}

NodeSpec* node_spec_new_minimal(const char* name) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = node_spec_new();
        int r;

        r = record_set_string(&node_spec_type, &spec->record, record_find_field(&node_spec_type, "name"), name, &e);
        if (r >= 0)
                r = node_spec_finish(spec, &e);
        assert(r >= 0);
        return spec;
}

NodeSpec* node_spec_ref(NodeSpec* spec) {
        assert(spec->n_ref > 0);
        spec->n_ref++;
        return spec;
}

NodeSpec* node_spec_unref(NodeSpec* spec) {
        if (!spec)
                return NULL;

        assert(spec->n_ref > 0);
        if (--spec->n_ref > 0)
                return NULL;

        record_done(&node_spec_type, &spec->record);
        cluster_table_unref(spec->cluster);
        free(spec);
        return NULL;
}

int node_spec_finish(NodeSpec* spec, ConfigError* e) {
        if (!spec->name)
                return config_error_set(e, "name", "is missing");
        if (spec->interface && spec->pcap_file)
                return config_error_set(e, "interface", "node with name '%s' has interface and pcap_file set", spec->name);

        if (spec->cluster && spec->cluster->n > 0) {
                const ClusterEndpoint* own = cluster_table_find(spec->cluster, spec->name);

                if (!own)
                        return config_error_set(e, "cluster", "has no entry for '%s', the node itself; Zeek would end at once",
                                                spec->name);
                spec->role = own->role;
        }
        if (spec->restart_name)
                spec->restart = restart_policy_from_string(spec->restart_name);
        return 0;
}

int node_spec_check_caller(const NodeSpec* spec, ConfigError* e) {
        STRV_FOREACH(assignment, spec->env) {
                _cleanup_free_ char* name = xstrndup(*assignment, strcspn(*assignment, "="));
                _cleanup_free_ char* key = xasprintf("env[%s]", name);

                if (env_name_is_unsafe(name))
                        return config_error_set(e, key, "is refused, because it changes how programs load or what they "
                                                "take for the service manager's word; the administrator may set it in "
                                                "supervisor.conf");
        }
        return 0;
}

bool node_spec_equal(const NodeSpec* a, const NodeSpec* b) {
        return a == b || (record_equal(&node_spec_type, &a->record, &b->record) &&
                          cluster_table_equal(a->cluster, b->cluster));
}
