/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/node-json.h"
#include "unit/unit.h"
#include "util/strv.h"

#define ENDPOINT(fields) "{\"name\":\"w\",\"cluster\":{\"w\":{" fields "}}}"
#define WORKER "\"role\":\"WORKER\",\"host\":\"::1\""

static NodeSpec* read_spec(const char* json) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = NULL;

        if (node_spec_from_json(json, strlen(json), &spec, &e) < 0)
                fail_msg("%s: %s", e.key, e.why);
        return spec;
}

static void expect_written(const char* json, NodeJsonForm form, const char* expected) {
        _cleanup_node_spec_ NodeSpec* spec = read_spec(json);
        _cleanup_free_ char* text = NULL;

        assert_int_equal(node_spec_to_json(spec, form, &text), 0);
        assert_string_equal(text, expected);
}

static const char full[] =
        "{\"name\":\"w1\",\"interface\":\"eth0\",\"directory\":\"w1\",\"stdout_file\":\"o\",\"stderr_file\":\"e\","
        "\"bare_mode\":true,\"addl_base_scripts\":[],\"addl_user_scripts\":[\"x.zeek\"],\"env\":{\"K\":\"V=W\"},"
        "\"cpu_affinity\":3,\"cluster\":{\"manager\":{\"role\":\"Supervisor::MANAGER\",\"host\":\"127.0.0.1\","
        "\"p\":{\"port\":10000,\"proto\":\"tcp\"}},\"w1\":{\"role\":\"WORKER\",\"host\":\"fd00::1\","
        "\"p\":{\"port\":0,\"proto\":\"unknown\"},\"interface\":\"eth0\","
        "\"metrics_port\":{\"port\":9991,\"proto\":\"tcp\"}}},\"restart\":\"never\",\"stop_timeout_usec\":\"infinity\","
        "\"memory_max\":\"9223372036854775808\",\"memory_high\":9223372036854775807,\"tasks_max\":5,"
        "\"allowed_cpus\":\"0-3\",\"nice\":-5,\"seccomp\":\"none\"}";

static void zeeks_own_form_is_read(void** state) {
        _cleanup_node_spec_ NodeSpec* spec = read_spec(full);
        const ClusterEndpoint* manager = cluster_table_find(spec->cluster, "manager");

        assert_string_equal(spec->name, "w1");
        assert_string_equal(spec->interface, "eth0");
        assert_true(spec->bare_mode);
        assert_int_equal(strv_length(spec->addl_base_scripts), 0);
        assert_string_equal(spec->addl_user_scripts[0], "x.zeek");
        assert_string_equal(strv_env_get(spec->env, "K"), "V=W");
        assert_int_equal(spec->cpu_affinity, 3);
        assert_int_equal(spec->cluster->n, 2);
        assert_int_equal(manager->role, ROLE_MANAGER);
        assert_int_equal(manager->port, 10000);
        assert_int_equal(spec->role, ROLE_WORKER);
        assert_int_equal(spec->restart, RESTART_NEVER);
        assert_true(spec->stop_timeout_usec == UINT64_MAX);
        assert_true(spec->memory_max == UINT64_C(1) << 63);
        assert_int_equal(spec->nice, -5);
}

static void what_was_given_is_written_as_it_was_given(void** state) {
        expect_written(full, NODE_JSON_AS_GIVEN, full);
        expect_written("{\"name\":\"w\"}", NODE_JSON_AS_GIVEN, "{\"name\":\"w\"}");
}

static void writing_and_reading_makes_an_equal_spec(void** state) {
        static const char* const table[] = {
                full,
                "{\"name\":\"w\"}",
                "{\"name\":\"w\",\"cluster\":{}}",
                "{\"name\":\"w\",\"env\":{},\"addl_user_scripts\":[],\"bare_mode\":false}",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_node_spec_ NodeSpec *first = read_spec(table[i]), *second = NULL;
                _cleanup_free_ char* text = NULL;

                assert_int_equal(node_spec_to_json(first, NODE_JSON_AS_GIVEN, &text), 0);
                second = read_spec(text);
                assert_true(node_spec_equal(first, second));
        }
}

static void zeek_gets_what_its_record_requires(void** state) {
        expect_written("{\"name\":\"w\"}", NODE_JSON_FOR_ZEEK,
                       "{\"name\":\"w\",\"addl_base_scripts\":[],\"addl_user_scripts\":[],\"env\":{},\"cluster\":{}}");
        expect_written("{\"name\":\"w\",\"cluster\":{\"w\":{\"host\":\"1.2.3.4\",\"role\":\"WORKER\",\"p\":7}}}",
                       NODE_JSON_FOR_ZEEK,
                       "{\"name\":\"w\",\"addl_base_scripts\":[],\"addl_user_scripts\":[],\"env\":{},\"cluster\":{\"w\":"
                       "{\"role\":\"Supervisor::WORKER\",\"host\":\"1.2.3.4\",\"p\":{\"port\":7,\"proto\":\"tcp\"}}}}");
}

static void ports_have_three_spellings(void** state) {
        static const struct {
                const char* port;
                uint64_t expected;
        } table[] = {
                { "{\"port\":10000,\"proto\":\"tcp\"}", 10000 },
                { "{\"proto\":\"tcp\",\"port\":65535}", 65535 },
                { "{\"port\":0,\"proto\":\"unknown\"}", 0 },
                { "\"10000/tcp\"", 10000 },
                { "\"0/unknown\"", 0 },
                { "10000", 10000 },
                { "0", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* json = xasprintf(ENDPOINT(WORKER ",\"p\":%s"), table[i].port);
                _cleanup_node_spec_ NodeSpec* spec = read_spec(json);

                assert_int_equal(spec->cluster->endpoints[0].port, table[i].expected);
        }
}

static void null_means_not_given(void** state) {
        expect_written("{\"name\":\"w\",\"interface\":null,\"env\":null,\"cluster\":null}", NODE_JSON_AS_GIVEN,
                       "{\"name\":\"w\"}");
}

static void errors_name_the_key(void** state) {
        static const struct {
                const char *json, *key, *why;
        } table[] = {
                { "", "JSON", "line" },
                { "{\"name\":\"w\"", "JSON", "line 1, column 11" },
                { "{\"name\":\"w\"} x", "JSON", "line 1" },
                { "{\"name\":\"w\",\x1b[1m", "JSON", "near '\\x1b" },
                { "{\"name\":\"w\",\"name\":\"v\"}", "JSON", "duplicate object key" },
                { "{\"name\":\"\xff\"}", "JSON", "unable to decode byte 0xff" },
                { "{\"name\":\"w\\u0000\"}", "JSON", "\\u0000" },
                { "[]", "JSON", "must be an object" },
                { "[[[[[[[[[", "JSON", "is nested deeper than 8 levels" },
                { "{}", "name", "is missing" },
                { "{\"name\":null}", "name", "is missing" },
                { "{\"name\":7}", "name", "must be a string" },
                { "{\"name\":\"\"}", "name", "node names must not be an empty string" },
                { "{\"name\":\"a b\"}", "name", "node names must not contain spaces: 'a b'" },
                { "{\"name\":\"w\",\"nonsense\":1}", "nonsense", "is not a key that is known here" },
                { "{\"name\":\"w\",\"bare_mode\":1}", "bare_mode", "must be true or false" },
                { "{\"name\":\"w\",\"cpu_affinity\":1.0}", "cpu_affinity", "must be an integer" },
                { "{\"name\":\"w\",\"cpu_affinity\":\"1\"}", "cpu_affinity", "must be an integer" },
                { "{\"name\":\"w\",\"cpu_affinity\":-1}", "cpu_affinity", "must be between" },
                { "{\"name\":\"w\",\"tasks_max\":\"-1\"}", "tasks_max", "must be an integer" },
                { "{\"name\":\"w\",\"tasks_max\":\"99999999999999999999\"}", "tasks_max", "must be an integer" },
                { "{\"name\":\"w\",\"tasks_max\":0}", "tasks_max", "must be between" },
                { "{\"name\":\"w\",\"tasks_max\":99999999999999999999}", "JSON", "too big integer" },
                { "{\"name\":\"w\",\"env\":[]}", "env", "must be an object of strings" },
                { "{\"name\":\"w\",\"env\":{\"A\":1}}", "env", "must be an object of strings" },
                { "{\"name\":\"w\",\"env\":{\"LD-PRELOAD\":\"x\"}}", "env[LD-PRELOAD]", "is no valid name" },
                { "{\"name\":\"w\",\"addl_base_scripts\":\"x\"}", "addl_base_scripts", "must be a list of strings" },
                { "{\"name\":\"w\",\"addl_base_scripts\":[1]}", "addl_base_scripts", "must be a list of strings" },
                { "{\"name\":\"w\",\"addl_base_scripts\":[\"-x\"]}", "addl_base_scripts", "must not begin with '-'" },
                { "{\"name\":\"w\",\"cluster\":[]}", "cluster", "must be an object of endpoints" },
                { "{\"name\":\"w\",\"cluster\":{\"w\":1}}", "cluster", "must be an object of endpoints" },
                { "{\"name\":\"w\",\"cluster\":{\"a b\":{}}}", "cluster", "must not contain spaces" },
                { "{\"name\":\"v\",\"cluster\":{\"w\":{" WORKER "}}}", "cluster", "has no entry for 'v'" },
                { ENDPOINT("\"host\":\"::1\""), "cluster[w].role", "is missing" },
                { ENDPOINT("\"role\":\"BOSS\""), "cluster[w].role", "must be NONE" },
                { ENDPOINT("\"role\":\"WORKER\",\"host\":\"localhost\""), "cluster[w].host", "must be an IPv4" },
                { ENDPOINT(WORKER ",\"x\":1"), "cluster[w].x", "is not a key that is known here" },
                { ENDPOINT(WORKER ",\"p\":65536"), "cluster[w].p", "must be between 0 and 65535" },
                { ENDPOINT(WORKER ",\"p\":-1"), "cluster[w].p", "must be between 0 and 65535" },
                { ENDPOINT(WORKER ",\"p\":\"1/udp\""), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":\"1\""), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":\" 1/tcp\""), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":{\"port\":1}"), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":{\"port\":1,\"proto\":\"udp\"}"), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":{\"port\":1,\"proto\":\"tcp\",\"x\":1}"), "cluster[w].p", "must be a TCP port" },
                { ENDPOINT(WORKER ",\"p\":{\"port\":\"1\",\"proto\":\"tcp\"}"), "cluster[w].p", "must be a TCP port" },
                { "{\"name\":\"w\",\"interface\":\"i\",\"pcap_file\":\"p\"}", "interface",
                  "node with name 'w' has interface and pcap_file set" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_config_error_ ConfigError e = {};
                NodeSpec* untouched = NULL;

                assert_int_equal(node_spec_from_json(table[i].json, strlen(table[i].json), &untouched, &e), -EINVAL);
                assert_null(untouched);
                assert_string_equal(e.key, table[i].key);
                if (!strstr(e.why, table[i].why))
                        fail_msg("'%s' should say '%s'", e.why, table[i].why);
        }
}

static void brackets_in_strings_are_no_levels(void** state) {
        expect_written("{\"name\":\"w\",\"directory\":\"[[[[[[[[[[\\\"{{{{{{{{{{\"}", NODE_JSON_AS_GIVEN,
                       "{\"name\":\"w\",\"directory\":\"[[[[[[[[[[\\\"{{{{{{{{{{\"}");
}

static void size_has_a_limit_in_both_directions(void** state) {
        _cleanup_free_ char* large = xcalloc(NODE_JSON_SIZE_MAX + 2, 1);
        _cleanup_node_spec_ NodeSpec* spec = read_spec(ENDPOINT(WORKER));
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* untouched = NULL;
        char* text = NULL;

        memset(large, ' ', NODE_JSON_SIZE_MAX + 1);
        assert_int_equal(node_spec_from_json(large, NODE_JSON_SIZE_MAX + 1, &untouched, &e), -EINVAL);
        assert_string_equal(e.why, "is larger than 4194304 bytes");

        /* a table that the D-Bus reader would take too */
        for (unsigned i = 0; i < CLUSTER_ENDPOINTS_MAX; i++) {
                const Field* field = record_find_field(&cluster_endpoint_type, "pcap_file");
                _cleanup_free_ char* name = xasprintf("w%u", i);
                ClusterEndpoint* endpoint;

                large[2000] = 0;
                memset(large, 'x', 2000);
                assert_int_equal(cluster_table_add(table, name, &endpoint, &e), 0);
                assert_int_equal(record_set_string(&cluster_endpoint_type, &endpoint->record, field, large, &e), 0);
        }
        cluster_table_unref(spec->cluster);
        spec->cluster = take_ptr(table);
        assert_int_equal(node_spec_to_json(spec, NODE_JSON_AS_GIVEN, &text), -EFBIG);
        assert_null(text);
}

static void bytes_that_json_cannot_hold_are_refused(void** state) {
        _cleanup_node_spec_ NodeSpec* spec = read_spec("{\"name\":\"w\",\"directory\":\"d\"}");
        char* text = NULL;

        spec->directory[0] = '\xff';
        assert_int_equal(node_spec_to_json(spec, NODE_JSON_AS_GIVEN, &text), -EILSEQ);
        assert_null(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(zeeks_own_form_is_read),
                cmocka_unit_test(what_was_given_is_written_as_it_was_given),
                cmocka_unit_test(writing_and_reading_makes_an_equal_spec),
                cmocka_unit_test(zeek_gets_what_its_record_requires),
                cmocka_unit_test(ports_have_three_spellings),
                cmocka_unit_test(null_means_not_given),
                cmocka_unit_test(errors_name_the_key),
                cmocka_unit_test(brackets_in_strings_are_no_levels),
                cmocka_unit_test(size_has_a_limit_in_both_directions),
                cmocka_unit_test(bytes_that_json_cannot_hold_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
