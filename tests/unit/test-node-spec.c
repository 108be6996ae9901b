/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node-spec.h"
#include "unit/specs.h"
#include "util/strv.h"

static const Field* field_of(const char* name) {
        const Field* field = record_find_field(&node_spec_type, name);

        assert_non_null(field);
        return field;
}

static int add_variable(NodeSpec* spec, const Field* field, const char* assignment, ConfigError* e) {
        const char* equals = strchr(assignment, '=');
        _cleanup_free_ char* name = xstrndup(assignment, (size_t) (equals - assignment));

        record_touch(&node_spec_type, &spec->record, field);
        return record_add_env(&node_spec_type, &spec->record, field, name, equals + 1, e);
}

/* Sets a field of any kind of text: a list gets the one string, an environment "NAME=value". */
static int set_text(NodeSpec* spec, const char* name, const char* value, ConfigError* e) {
        const Field* field = field_of(name);

        switch (field->kind) {
        case FIELD_STRING:
                return record_set_string(&node_spec_type, &spec->record, field, value, e);
        case FIELD_STRV:
                record_touch(&node_spec_type, &spec->record, field);
                return record_add_string(&node_spec_type, &spec->record, field, value, e);
        case FIELD_ENV:
                return add_variable(spec, field, value, e);
        default:
                fail_msg("%s is no text", name);
                return 0;
        }
}

static int set_number(NodeSpec* spec, const char* name, wide_int value, ConfigError* e) {
        return record_set_number(&node_spec_type, &spec->record, field_of(name), value, e);
}

static bool has_no_strings(char* const* v) {
        return !v || !*v;
}

/* Nothing of a value that was refused stays behind. */
static void assert_untouched(const NodeSpec* spec, const char* name) {
        const Field* field = field_of(name);
        const void* at = record_at(&spec->record, field);

        if (field->kind == FIELD_STRV || field->kind == FIELD_ENV) {
                assert_true(has_no_strings(*(char** const*) at));
                return;
        }
        assert_false(node_spec_has(spec, name));
        if (field->kind == FIELD_STRING)
                assert_null(*(char* const*) at);
}

static char* repeat(const char* piece, size_t length) {
        char* s = xcalloc(length + 1, 1);

        for (size_t i = 0; i < length; i++)
                s[i] = piece[i % strlen(piece)];
        return s;
}

/* ---- text ---- */

static void values_that_are_good_are_taken_as_they_are(void** state) {
        static const struct {
                const char* name;
                const char* value;
        } cases[] = {
                { "interface", "eth0" },
                { "interface", "af_packet::eth0" },
                { "interface", "-" },
                { "pcap_file", "-" },
                { "pcap_file", "../traces/a b.pcap" },
                { "directory", "/srv/zeek/worker-1" },
                { "directory", "relative/place" },
                { "directory", "..a/b../.../..c" },
                { "directory", "/" },
                { "stdout_file", "out.log" },
                { "stderr_file", "/var/log/zeek/gr\xc3\xbc\xc3\x9f" },
                { "addl_base_scripts", "base/misc" },
                { "addl_user_scripts", "../local.zeek" },
                { "addl_user_scripts", "a-b -c" },
                { "restart", "always" },
                { "restart", "on-failure" },
                { "restart", "never" },
                { "allowed_cpus", "0" },
                { "allowed_cpus", "0-3,8 10" },
                { "allowed_cpus", "8191" },
                { "seccomp", "worker" },
                { "seccomp", "none" },
                { "seccomp", "my_Profile-2.v1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
                const Field* field = field_of(cases[i].name);
                const void* at = record_at(&spec->record, field);

                assert_int_equal(set_text(spec, cases[i].name, cases[i].value, &e), 0);
                assert_null(e.why);
                assert_true(node_spec_has(spec, cases[i].name));
                assert_string_equal(field->kind == FIELD_STRV ? **(char** const*) at : *(char* const*) at, cases[i].value);
        }
}

#define EMPTY "must not be empty"
#define CONTROL "must not hold control characters"
#define DOTS "must not hold '..'"
#define OPTION "must not begin with '-': Zeek would take it for an option"
#define CPUS "must be a list of CPU numbers and ranges such as '0-3,8'"
#define PROFILE "must be the name of a profile: letters, digits, '_', '.' and '-'"
#define POLICY "must be always, on-failure or never"

static void values_that_are_bad_are_refused_by_name_and_reason(void** state) {
        static const struct {
                const char* name;
                const char* value;
                const char* why;
        } cases[] = {
                { "name", "", "node names must not be an empty string" },
                { "name", "a b", "node names must not contain spaces: 'a b'" },
                { "name", "../a", "node names must start with a letter or a digit: '../a'" },
                { "name", "a/b", "node names may hold only letters, digits, '_', '.' and '-': 'a/b'" },
                { "interface", "", EMPTY },
                { "interface", "eth0\n", CONTROL },
                { "interface", "\x7f", CONTROL },
                { "pcap_file", "", EMPTY },
                { "pcap_file", "a\tb", CONTROL },
                { "directory", "", EMPTY },
                { "directory", "..", DOTS },
                { "directory", "../a", DOTS },
                { "directory", "/a/../b", DOTS },
                { "directory", "a/..", DOTS },
                { "directory", "a//..//", DOTS },
                { "directory", "/..", DOTS },
                { "directory", "a\x1b[2J", CONTROL },
                { "directory", "a\xc2\x9b" "2J", CONTROL },
                { "stdout_file", "", EMPTY },
                { "stdout_file", "../../etc/passwd", DOTS },
                { "stdout_file", "a\nb", CONTROL },
                { "stderr_file", "", EMPTY },
                { "stderr_file", "logs/../../x", DOTS },
                { "stderr_file", "a\rb", CONTROL },
                { "addl_base_scripts", "", EMPTY },
                { "addl_base_scripts", "-e", OPTION },
                { "addl_base_scripts", "a\nb", CONTROL },
                { "addl_user_scripts", "", EMPTY },
                { "addl_user_scripts", "-", OPTION },
                { "addl_user_scripts", "--pseudo-realtime", OPTION },
                { "addl_user_scripts", "a\x01", CONTROL },
                { "restart", "", POLICY },
                { "restart", "Always", POLICY },
                { "restart", "no", POLICY },
                { "allowed_cpus", "", CPUS },
                { "allowed_cpus", "all", CPUS },
                { "allowed_cpus", "3-1", CPUS },
                { "allowed_cpus", "8192", CPUS },
                { "allowed_cpus", "0-8192", CPUS },
                { "allowed_cpus", "-1", CPUS },
                { "allowed_cpus", "0\n", CPUS },
                { "seccomp", "", PROFILE },
                { "seccomp", ".hidden", PROFILE },
                { "seccomp", "../worker", PROFILE },
                { "seccomp", "a/b", PROFILE },
                { "seccomp", "a b", PROFILE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

                assert_int_equal(set_text(spec, cases[i].name, cases[i].value, &e), -EINVAL);
                assert_string_equal(e.key, cases[i].name);
                assert_string_equal(e.why, cases[i].why);
                assert_untouched(spec, cases[i].name);
        }
}

static void texts_have_their_limits_to_the_byte(void** state) {
        static const struct {
                const char* name;
                size_t max;
                const char* piece;
        } cases[] = {
                { "interface", 256, "e" },          { "pcap_file", 4095, "p" },         { "directory", 4095, "d/" },
                { "stdout_file", 4095, "o" },       { "stderr_file", 4095, "e" },       { "addl_base_scripts", 4095, "b" },
                { "addl_user_scripts", 4095, "u" }, { "allowed_cpus", 1024, "1," },     { "seccomp", 64, "s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec *spec = node_spec_new(), *other = node_spec_new();
                _cleanup_free_ char* longest = repeat(cases[i].piece, cases[i].max);
                _cleanup_free_ char* too_long = repeat(cases[i].piece, cases[i].max + 1);
                _cleanup_free_ char* why = xasprintf("is longer than %zu bytes", cases[i].max);

                assert_int_equal(set_text(spec, cases[i].name, longest, &e), 0);
                assert_int_equal(set_text(other, cases[i].name, too_long, &e), -EINVAL);
                assert_string_equal(e.key, cases[i].name);
                assert_string_equal(e.why, why);
                assert_untouched(other, cases[i].name);
        }
}

static void a_name_has_its_own_limit(void** state) {
        _cleanup_node_spec_ NodeSpec *spec = node_spec_new(), *other = node_spec_new();
        _cleanup_free_ char *longest = repeat("n", 64), *too_long = repeat("n", 65), *monster = repeat("n", 100000);
        _cleanup_config_error_ ConfigError e = {}, again = {};

        assert_int_equal(set_text(spec, "name", longest, &e), 0);
        assert_int_equal(set_text(other, "name", too_long, &e), -EINVAL);
        assert_string_equal(e.key, "name");
        assert_string_equal(e.why, "node names must not be longer than 64 characters");
        assert_int_equal(set_text(other, "name", monster, &again), -EINVAL);
        assert_string_equal(again.key, "name");
}

/* ---- numbers ---- */

static void numbers_have_their_limits_to_the_unit(void** state) {
        static const struct {
                const char* name;
                wide_int min, max;
        } cases[] = {
                { "cpu_affinity", 0, 8191 },
                { "stop_timeout_usec", 0, UINT64_MAX },
                { "memory_max", 1, UINT64_MAX },
                { "memory_high", 1, UINT64_MAX },
                { "memory_swap_max", 0, UINT64_MAX },
                { "tasks_max", 1, UINT64_MAX },
                { "cpu_quota_per_sec_usec", 1, UINT64_MAX },
                { "cpu_weight", 1, 10000 },
                { "io_weight", 1, 10000 },
                { "nice", -20, 19 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const wide_int good[] = { cases[i].min, cases[i].max };
                const wide_int bad[] = { cases[i].min - 1, cases[i].max + 1, INT64_MIN, -((wide_int) 1 << 100),
                                         (wide_int) 1 << 100 };

                for (size_t k = 0; k < ELEMENTSOF(good); k++) {
                        _cleanup_config_error_ ConfigError e = {};
                        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
                        const uint64_t* at = record_at(&spec->record, field_of(cases[i].name));

                        assert_int_equal(set_number(spec, cases[i].name, good[k], &e), 0);
                        assert_true(node_spec_has(spec, cases[i].name));
                        assert_true(*at == (uint64_t) good[k]);
                }
                for (size_t k = 0; k < ELEMENTSOF(bad); k++) {
                        _cleanup_config_error_ ConfigError e = {};
                        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
                        _cleanup_free_ char* why = xasprintf("must be between %lld and %llu", (long long) cases[i].min,
                                                             (unsigned long long) cases[i].max);

                        assert_int_equal(set_number(spec, cases[i].name, bad[k], &e), -EINVAL);
                        assert_string_equal(e.key, cases[i].name);
                        assert_string_equal(e.why, why);
                        assert_untouched(spec, cases[i].name);
                }
        }
}

/* ---- lists ---- */

static void lists_have_a_limit_of_entries(void** state) {
        static const char* const lists[] = { "addl_base_scripts", "addl_user_scripts" };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

                for (unsigned n = 0; n < 512; n++)
                        assert_int_equal(set_text(spec, lists[i], "s", &e), 0);
                assert_int_equal(set_text(spec, lists[i], "s", &e), -EINVAL);
                assert_string_equal(e.key, lists[i]);
                assert_string_equal(e.why, "has more than 512 entries");
        }
}

static void lists_have_a_limit_of_bytes_in_all(void** state) {
        static const char* const texts[] = { "addl_base_scripts", "addl_user_scripts" };
        _cleanup_free_ char* kibibyte = repeat("s", 1024);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

                for (unsigned n = 0; n < 128; n++)
                        assert_int_equal(set_text(spec, texts[i], kibibyte, &e), 0);
                assert_int_equal(set_text(spec, texts[i], "s", &e), -EINVAL);
                assert_string_equal(e.key, texts[i]);
                assert_string_equal(e.why, "has more than 131072 bytes in all");
        }
}

static void a_list_may_be_given_and_empty(void** state) {
        _cleanup_node_spec_ NodeSpec *absent = node_spec_new(), *empty = node_spec_new();

        record_touch(&node_spec_type, &empty->record, field_of("addl_user_scripts"));
        assert_true(node_spec_has(empty, "addl_user_scripts"));
        assert_false(node_spec_has(absent, "addl_user_scripts"));
        assert_true(has_no_strings(empty->addl_user_scripts));
        assert_false(node_spec_equal(absent, empty));
        assert_true(node_spec_equal(empty, empty));
}

/* ---- environment ---- */

static void an_environment_has_a_limit_of_entries(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

        for (unsigned n = 0; n < 512; n++) {
                _cleanup_free_ char* assignment = xasprintf("V%u=", n);

                assert_int_equal(set_text(spec, "env", assignment, &e), 0);
        }
        assert_int_equal(set_text(spec, "env", "W=", &e), -EINVAL);
        assert_string_equal(e.key, "env");
        assert_string_equal(e.why, "has more than 512 entries");
}

static void an_environment_has_a_limit_of_bytes_in_all(void** state) {
        _cleanup_free_ char* value = repeat("v", 32 * 1024 - 2);
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

        for (char name = 'A'; name < 'E'; name++) {
                _cleanup_free_ char* assignment = xasprintf("%c=%s", name, value);

                assert_int_equal(set_text(spec, "env", assignment, &e), 0);
        }
        assert_int_equal(set_text(spec, "env", "E=", &e), -EINVAL);
        assert_string_equal(e.key, "env");
        assert_string_equal(e.why, "has more than 131072 bytes in all");
}

static void variables_and_their_values_have_their_limits_to_the_byte(void** state) {
        _cleanup_free_ char *longest_name = repeat("N", 256), *long_name = repeat("N", 257);
        _cleanup_free_ char *longest_value = repeat("v", 32768), *long_value = repeat("v", 32769);
        _cleanup_free_ char *good = xasprintf("%s=%s", longest_name, longest_value);
        _cleanup_free_ char *bad_name = xasprintf("%s=", long_name), *bad_value = xasprintf("A=%s", long_value);
        _cleanup_config_error_ ConfigError name_error = {}, value_error = {};
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

        assert_int_equal(set_text(spec, "env", good, &name_error), 0);

        assert_int_equal(set_text(spec, "env", bad_name, &name_error), -EINVAL);
        assert_non_null(strstr(name_error.key, "env[NNN"));
        assert_true(strlen(name_error.key) < 100);
        assert_string_equal(name_error.why, "is no valid name of an environment variable");

        assert_int_equal(set_text(spec, "env", bad_value, &value_error), -EINVAL);
        assert_string_equal(value_error.key, "env[A]");
        assert_string_equal(value_error.why, "is longer than 32768 bytes");
        assert_int_equal(strv_length(spec->env), 1);
}

static void names_that_are_no_variables_are_refused(void** state) {
        static const char* const names[] = { "", "1A", "A-B", "A B", "\xc3\x84", "A.B", "A\n" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
                _cleanup_free_ char* assignment = xasprintf("%s=x", names[i]);

                assert_int_equal(set_text(spec, "env", assignment, &e), -EINVAL);
                assert_string_equal(e.why, "is no valid name of an environment variable");
                assert_true(strncmp(e.key, "env[", 4) == 0);
                assert_true(has_no_strings(spec->env));
        }
}

static void a_caller_may_not_set_variables_that_reach_into_privileged_programs(void** state) {
        static const char* const names[] = {
                /* ld.so(8): what secure-execution mode ignores */
                "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LD_AUDIT", "LD_BIND_NOT", "LD_DEBUG",
                "LD_DEBUG_OUTPUT", "LD_DYNAMIC_WEAK", "LD_HWCAP_MASK", "LD_LIBRARY_PATH", "LD_ORIGIN_PATH", "LD_PRELOAD",
                "LD_PROFILE", "LD_PROFILE_OUTPUT", "LD_SHOW_AUXV", "LD_USE_LOAD_BIAS", "LD_VERBOSE", "LD_WARN", "LOCALDOMAIN",
                "LOCPATH", "MALLOC_TRACE", "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR",
                /* the service manager's word to its services */
                "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "MANAGERPID",
                "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
                _cleanup_free_ char *assignment = xasprintf("%s=x", names[i]), *key = xasprintf("env[%s]", names[i]);

                assert_int_equal(set_text(spec, "env", "FINE=x", &e), 0);
                assert_int_equal(node_spec_check_caller(spec, &e), 0);
                assert_int_equal(set_text(spec, "env", assignment, &e), 0);
                assert_int_equal(node_spec_check_caller(spec, &e), -EINVAL);
                assert_string_equal(e.key, key);
                assert_non_null(strstr(e.why, "is refused"));
        }
}

static void other_variables_and_any_value_are_taken(void** state) {
        static const char* const assignments[] = {
                "A=", "_=x", "a1_B=x=y", "PATH_TO=a\nb", "LDFLAGS=x", "LD=x", "GLIBC=x", "NOTIFY_SOCKETS=x", "ZEEK_LOG_SUFFIX=\xc3\xbc",
        };
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

        for (size_t i = 0; i < ELEMENTSOF(assignments); i++) {
                assert_int_equal(set_text(spec, "env", assignments[i], &e), 0);
                assert_string_equal(spec->env[i], assignments[i]);
                assert_int_equal(node_spec_check_caller(spec, &e), 0);
        }
}

/* ---- what is given twice, and what is not known ---- */

static void a_field_is_set_once(void** state) {
        static const char* const texts[] = { "name", "interface", "pcap_file", "directory", "stdout_file", "stderr_file",
                                             "restart", "allowed_cpus", "seccomp" };
        static const char* const numbers[] = { "cpu_affinity", "stop_timeout_usec", "memory_max", "memory_high",
                                               "memory_swap_max", "tasks_max", "cpu_quota_per_sec_usec", "cpu_weight",
                                               "io_weight", "nice" };
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
        _cleanup_config_error_ ConfigError none = {};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                const char* good = strcmp(texts[i], "restart") == 0 ? "never" : "1";
                _cleanup_config_error_ ConfigError e = {};

                assert_int_equal(set_text(spec, texts[i], good, &none), 0);
                assert_int_equal(set_text(spec, texts[i], good, &e), -EINVAL);
                assert_string_equal(e.key, texts[i]);
                assert_string_equal(e.why, "is given twice");
        }
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                _cleanup_config_error_ ConfigError e = {};

                assert_int_equal(set_number(spec, numbers[i], 1, &none), 0);
                assert_int_equal(set_number(spec, numbers[i], 1, &e), -EINVAL);
                assert_string_equal(e.key, numbers[i]);
                assert_string_equal(e.why, "is given twice");
        }
}

static void a_switch_is_set_once(void** state) {
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
        _cleanup_config_error_ ConfigError e = {};

        assert_int_equal(record_set_bool(&node_spec_type, &spec->record, field_of("bare_mode"), false, &e), 0);
        assert_true(node_spec_has(spec, "bare_mode"));
        assert_int_equal(record_set_bool(&node_spec_type, &spec->record, field_of("bare_mode"), true, &e), -EINVAL);
        assert_string_equal(e.key, "bare_mode");
        assert_string_equal(e.why, "is given twice");
        assert_false(spec->bare_mode);
}

static void a_variable_is_set_once(void** state) {
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
        _cleanup_config_error_ ConfigError e = {};

        assert_int_equal(set_text(spec, "env", "A=1", &e), 0);
        assert_int_equal(set_text(spec, "env", "AB=1", &e), 0);
        assert_int_equal(set_text(spec, "env", "A=2", &e), -EINVAL);
        assert_string_equal(e.key, "env[A]");
        assert_string_equal(e.why, "is given twice");
        assert_string_equal(strv_env_get(spec->env, "A"), "1");
}

static void only_the_fields_of_the_contract_are_known(void** state) {
        static const char* const known[] = {
                "name", "interface", "pcap_file", "directory", "stdout_file", "stderr_file", "bare_mode", "addl_base_scripts",
                "addl_user_scripts", "env", "cpu_affinity", "cluster", "restart", "stop_timeout_usec", "memory_max",
                "memory_high", "memory_swap_max", "tasks_max", "cpu_quota_per_sec_usec", "cpu_weight", "io_weight",
                "allowed_cpus", "nice", "seccomp",
        };
        static const char* const unknown[] = { "", "Name", "name ", "scripts", "exec", "user", "role", "restart_name" };

        assert_int_equal(node_spec_type.n_fields, ELEMENTSOF(known));
        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                assert_string_equal(field_of(known[i])->name, known[i]);
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                assert_null(record_find_field(&node_spec_type, unknown[i]));
}

/* ---- the whole ---- */

static NodeSpec* spec_of(const char* name, ConfigError* e) {
        NodeSpec* spec = node_spec_new();

        assert_int_equal(set_text(spec, "name", name, e), 0);
        return spec;
}

static void a_name_is_all_that_a_node_needs(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec *spec = spec_of("ant", &e), *nameless = node_spec_new();

        assert_int_equal(node_spec_finish(spec, &e), 0);
        assert_int_equal(spec->role, ROLE_STANDALONE);
        assert_false(node_spec_has(spec, "restart"));

        assert_int_equal(node_spec_finish(nameless, &e), -EINVAL);
        assert_string_equal(e.key, "name");
        assert_string_equal(e.why, "is missing");
}

static void an_interface_and_a_pcap_file_exclude_one_another(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = spec_of("ant", &e);

        assert_int_equal(set_text(spec, "interface", "eth0", &e), 0);
        assert_int_equal(set_text(spec, "pcap_file", "a.pcap", &e), 0);
        assert_int_equal(node_spec_finish(spec, &e), -EINVAL);
        assert_string_equal(e.key, "interface");
        assert_string_equal(e.why, "node with name 'ant' has interface and pcap_file set");
}

static void the_restart_policy_is_derived_from_its_word(void** state) {
        static const char* const words[] = { "always", "on-failure", "never" };

        assert_int_equal(ELEMENTSOF(words), _RESTART_POLICY_MAX);
        for (RestartPolicy i = 0; i < _RESTART_POLICY_MAX; i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = spec_of("ant", &e);

                assert_int_equal(set_text(spec, "restart", words[i], &e), 0);
                assert_int_equal(node_spec_finish(spec, &e), 0);
                assert_int_equal(spec->restart, i);
        }
}

static void the_role_is_that_of_the_nodes_own_entry(void** state) {
        for (Role role = 0; role < _ROLE_MAX; role++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = spec_of("ant", &e);

                spec->cluster = table_with("ant", role);
                assert_int_equal(node_spec_finish(spec, &e), 0);
                assert_int_equal(spec->role, role);
        }
}

static void a_cluster_without_the_node_itself_is_refused(void** state) {
        static const char* const others[] = { "bee", "an", "antelope", "Ant" };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec* spec = spec_of("ant", &e);

                spec->cluster = table_with(others[i], ROLE_WORKER);
                assert_int_equal(node_spec_finish(spec, &e), -EINVAL);
                assert_string_equal(e.key, "cluster");
                assert_string_equal(e.why, "has no entry for 'ant', the node itself; Zeek would end at once");
        }
}

static void an_empty_cluster_is_none(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = spec_of("ant", &e);

        spec->cluster = cluster_table_new();
        assert_int_equal(cluster_table_finish(spec->cluster, &e), 0);
        assert_int_equal(node_spec_finish(spec, &e), 0);
        assert_int_equal(spec->role, ROLE_STANDALONE);
}

static void specs_are_equal_when_all_that_was_given_is(void** state) {
        static const struct {
                const char* name;
                const char* value;
                const char* other;
        } texts[] = {
                { "name", "ant", "bee" },         { "interface", "eth0", "eth1" },   { "pcap_file", "a", "b" },
                { "directory", "a", "b" },        { "stdout_file", "a", "b" },       { "stderr_file", "a", "b" },
                { "addl_base_scripts", "a", "b" }, { "addl_user_scripts", "a", "b" }, { "env", "A=1", "A=2" },
                { "restart", "always", "never" }, { "allowed_cpus", "1", "2" },      { "seccomp", "a", "b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_node_spec_ NodeSpec *a = node_spec_new(), *b = node_spec_new(), *c = node_spec_new();
                _cleanup_node_spec_ NodeSpec* nothing = node_spec_new();

                assert_int_equal(set_text(a, texts[i].name, texts[i].value, &e), 0);
                assert_int_equal(set_text(b, texts[i].name, texts[i].value, &e), 0);
                assert_int_equal(set_text(c, texts[i].name, texts[i].other, &e), 0);
                assert_true(node_spec_equal(a, b));
                assert_false(node_spec_equal(a, c));
                assert_false(node_spec_equal(a, nothing));
                assert_false(node_spec_equal(nothing, a));
        }
}

static void numbers_switches_and_clusters_count_for_equality(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec *plain = spec_of("ant", &e), *with_number = spec_of("ant", &e);
        _cleanup_node_spec_ NodeSpec *with_other_number = spec_of("ant", &e), *with_switch = spec_of("ant", &e);
        _cleanup_node_spec_ NodeSpec* with_other_switch = spec_of("ant", &e);
        _cleanup_node_spec_ NodeSpec *worker = spec_with("ant", ROLE_WORKER), *same = spec_with("ant", ROLE_WORKER);
        _cleanup_node_spec_ NodeSpec* proxy = spec_with("ant", ROLE_PROXY);

        assert_int_equal(set_number(with_number, "nice", -1, &e), 0);
        assert_int_equal(set_number(with_other_number, "nice", 1, &e), 0);
        assert_int_equal(record_set_bool(&node_spec_type, &with_switch->record, field_of("bare_mode"), false, &e), 0);
        assert_int_equal(record_set_bool(&node_spec_type, &with_other_switch->record, field_of("bare_mode"), true, &e), 0);

        assert_false(node_spec_equal(plain, with_number));
        assert_false(node_spec_equal(with_number, with_other_number));
        /* false is not absent: absent means what the administrator says */
        assert_false(node_spec_equal(plain, with_switch));
        assert_false(node_spec_equal(with_switch, with_other_switch));
        assert_true(node_spec_equal(worker, same));
        assert_false(node_spec_equal(worker, proxy));
        assert_false(node_spec_equal(worker, plain));
}

static void a_spec_lives_as_long_as_someone_refers_to_it(void** state) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = spec_of("ant", &e);

        assert_ptr_equal(node_spec_ref(spec), spec);
        assert_null(node_spec_unref(spec));
        assert_string_equal(spec->name, "ant");
        assert_null(node_spec_unref(spec));
        assert_null(node_spec_unref(NULL));
}

/* ---- errors ---- */

static void the_first_error_is_the_one_that_is_told(void** state) {
        _cleanup_config_error_ ConfigError e = {};

        assert_int_equal(config_error_set(&e, "a", "is %s", "wrong"), -EINVAL);
        assert_int_equal(config_error_set(&e, "b", "is wrong, too"), -EINVAL);
        assert_string_equal(e.key, "a");
        assert_string_equal(e.why, "is wrong");
        config_error_clear(&e);
        assert_null(e.key);
        assert_int_equal(config_error_set(&e, "b", "is wrong, too"), -EINVAL);
        assert_string_equal(e.key, "b");
}

static void keys_in_errors_are_short_and_plain(void** state) {
        _cleanup_free_ char* monster = repeat("k", 100000);
        _cleanup_config_error_ ConfigError e = {}, hostile = {};

        (void) config_error_set(&e, monster, "is not known");
        assert_int_equal(strlen(e.key), 64);
        config_error_nest(&e, "cluster", monster);
        assert_int_equal(strlen(e.key), strlen("cluster[].") + 64 + 64);

        (void) config_error_set(&hostile, "k\x1b[2J\xff", "is not known");
        config_error_nest(&hostile, "cluster", "a\n");
        assert_string_equal(hostile.key, "cluster[a\\x0a].k\\x1b[2J\\xff");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_that_are_good_are_taken_as_they_are),
                cmocka_unit_test(values_that_are_bad_are_refused_by_name_and_reason),
                cmocka_unit_test(texts_have_their_limits_to_the_byte),
                cmocka_unit_test(a_name_has_its_own_limit),
                cmocka_unit_test(numbers_have_their_limits_to_the_unit),
                cmocka_unit_test(lists_have_a_limit_of_entries),
                cmocka_unit_test(lists_have_a_limit_of_bytes_in_all),
                cmocka_unit_test(a_list_may_be_given_and_empty),
                cmocka_unit_test(an_environment_has_a_limit_of_entries),
                cmocka_unit_test(an_environment_has_a_limit_of_bytes_in_all),
                cmocka_unit_test(variables_and_their_values_have_their_limits_to_the_byte),
                cmocka_unit_test(names_that_are_no_variables_are_refused),
                cmocka_unit_test(a_caller_may_not_set_variables_that_reach_into_privileged_programs),
                cmocka_unit_test(other_variables_and_any_value_are_taken),
                cmocka_unit_test(a_field_is_set_once),
                cmocka_unit_test(a_switch_is_set_once),
                cmocka_unit_test(a_variable_is_set_once),
                cmocka_unit_test(only_the_fields_of_the_contract_are_known),
                cmocka_unit_test(a_name_is_all_that_a_node_needs),
                cmocka_unit_test(an_interface_and_a_pcap_file_exclude_one_another),
                cmocka_unit_test(the_restart_policy_is_derived_from_its_word),
                cmocka_unit_test(the_role_is_that_of_the_nodes_own_entry),
                cmocka_unit_test(a_cluster_without_the_node_itself_is_refused),
                cmocka_unit_test(an_empty_cluster_is_none),
                cmocka_unit_test(specs_are_equal_when_all_that_was_given_is),
                cmocka_unit_test(numbers_switches_and_clusters_count_for_equality),
                cmocka_unit_test(a_spec_lives_as_long_as_someone_refers_to_it),
                cmocka_unit_test(the_first_error_is_the_one_that_is_told),
                cmocka_unit_test(keys_in_errors_are_short_and_plain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
