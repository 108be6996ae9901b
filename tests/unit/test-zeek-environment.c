/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/zeek-fixture.h"
#include "util/strv.h"
#include "zeek/environment.h"

#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const ZeekSurroundings all_known = {
        .binary_directory = "/opt/zeek/bin",
        .zeek_path = ".:/printed/path",
        .layout_directory = "/run/layouts/1",
        .node_config_file = "/run/nodes/w.json",
        .script_directory = "/ours",
        .log_queue = "/queue",
        .user = "zeek",
        .home = "/var/lib/zeek",
        .shell = "/bin/sh",
        .lang = "C.UTF-8",
};

static char** environment_of(const ZeekSurroundings* around, const char* configuration, const char* json) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = settings_parse("test", configuration, strlen(configuration), &d);
        _cleanup_node_spec_ NodeSpec* spec = fixture_spec(json);

        assert_int_equal(d.n, 0);
        return zeek_environment(around, &settings->zeek, spec);
}

static void expect_variable(const ZeekSurroundings* around, const char* configuration, const char* json,
                            const char* name, const char* expected) {
        _cleanup_strv_free_ char** env = environment_of(around, configuration, json);
        const char* value = strv_env_get(env, name);

        if (expected) {
                assert_non_null(value);
                assert_string_equal(value, expected);
        } else
                assert_null(value);
}

static void the_environment_starts_clean(void** state) {
        _cleanup_strv_free_ char** env = environment_of(&all_known, "", "{\"name\":\"w\"," CLUSTER_OF_ONE "}");
        _cleanup_free_ char* joined = strv_join(env, "\n");

        assert_string_equal(joined, "PATH=/opt/zeek/bin:" SYSTEM_PATH "\n"
                                    "HOME=/var/lib/zeek\nUSER=zeek\nLOGNAME=zeek\nSHELL=/bin/sh\nLANG=C.UTF-8\n"
                                    "ZEEKPATH=/run/layouts/1:.:/printed/path:/ours\nCLUSTER_NODE=w\n"
                                    "ZEEK_SUPERVISOR_NODE_CONFIG=/run/nodes/w.json\n"
                                    "ZEEK_SUPERVISOR_LOG_QUEUE=/queue");
}

static void what_is_not_known_is_left_out(void** state) {
        static const ZeekSurroundings least = { .binary_directory = "/usr/bin" };
        _cleanup_strv_free_ char** env = environment_of(&least, "", "{\"name\":\"w\"}");
        _cleanup_free_ char* joined = strv_join(env, "\n");

        assert_string_equal(joined, "PATH=/usr/bin:" SYSTEM_PATH);
}

static void the_node_wins_over_the_configuration_and_that_over_the_rest(void** state) {
        static const char configuration[] = "[Zeek]\nEnvironment=A=1 B=1 HOME=/elsewhere\nEnvironment=\"C=1 2\"\n";
        static const char json[] = "{\"name\":\"w\",\"env\":{\"B\":\"2\",\"PATH\":\"/mine\",\"E\":\"\"}}";

        expect_variable(&all_known, configuration, json, "A", "1");
        expect_variable(&all_known, configuration, json, "B", "2");
        expect_variable(&all_known, configuration, json, "C", "1 2");
        expect_variable(&all_known, configuration, json, "E", "");
        expect_variable(&all_known, configuration, json, "HOME", "/elsewhere");
        expect_variable(&all_known, configuration, json, "PATH", "/mine");
        expect_variable(&all_known, configuration, json, "USER", "zeek");
}

static void a_cluster_table_decides_over_cluster_node(void** state) {
        static const char configuration[] = "[Zeek]\nEnvironment=CLUSTER_NODE=other\n";

        expect_variable(&all_known, configuration,
                        "{\"name\":\"w\",\"env\":{\"CLUSTER_NODE\":\"mine\"}," CLUSTER_OF_ONE "}", "CLUSTER_NODE", "w");
        expect_variable(&all_known, "", "{\"name\":\"w\"}", "CLUSTER_NODE", NULL);
        expect_variable(&all_known, "", "{\"name\":\"w\",\"cluster\":{}}", "CLUSTER_NODE", NULL);
        /* without a table Zeek itself would take it from wherever it comes */
        expect_variable(&all_known, configuration, "{\"name\":\"w\"}", "CLUSTER_NODE", "other");
}

static void nobody_hides_the_configuration_file_of_the_node(void** state) {
        static const char json[] = "{\"name\":\"w\",\"env\":{\"ZEEK_SUPERVISOR_NODE_CONFIG\":\"/etc/shadow\"}}";

        expect_variable(&all_known, "", json, "ZEEK_SUPERVISOR_NODE_CONFIG", "/run/nodes/w.json");
}

static void the_layout_comes_first_in_zeekpath(void** state) {
        static const struct {
                const char *printed, *layout, *configuration, *json, *expected, *queue;
        } table[] = {
                { "printed", "/l", "", "{\"name\":\"w\"}", "/l:printed:/ours" },
                { "printed", NULL, "", "{\"name\":\"w\"}", "printed:/ours" },
                { NULL, NULL, "", "{\"name\":\"w\"}", NULL },
                /* whoever has a queue for logs has to find the script that uses it */
                { NULL, NULL, "", "{\"name\":\"w\"}",
                  ".:/opt/zeek/share/zeek:/opt/zeek/share/zeek/policy:/opt/zeek/share/zeek/site:"
                  "/opt/zeek/share/zeek/builtin-plugins:/ours", "/queue" },
                { NULL, "/l", "", "{\"name\":\"w\"}",
                  "/l:.:/opt/zeek/share/zeek:/opt/zeek/share/zeek/policy:/opt/zeek/share/zeek/site:"
                  "/opt/zeek/share/zeek/builtin-plugins:/ours" },
                { "printed", "/l", "[Zeek]\nScriptPath=/a:/b\n", "{\"name\":\"w\"}", "/l:/a:/b:/ours" },
                { NULL, NULL, "[Zeek]\nScriptPath=/a:/b\n", "{\"name\":\"w\"}", "/a:/b:/ours" },
                { "printed", "/l", "[Zeek]\nScriptPath=/a\nEnvironment=ZEEKPATH=/e\n", "{\"name\":\"w\"}", "/l:/e:/ours" },
                { "printed", "/l", "[Zeek]\nEnvironment=ZEEKPATH=/e\n",
                  "{\"name\":\"w\",\"env\":{\"ZEEKPATH\":\"/n\"}}", "/l:/n:/ours" },
                { "printed", NULL, "", "{\"name\":\"w\",\"env\":{\"ZEEKPATH\":\"/n\"}}", "/n:/ours" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ZeekSurroundings around = all_known;

                around.zeek_path = table[i].printed;
                around.layout_directory = table[i].layout;
                around.log_queue = table[i].queue;
                expect_variable(&around, table[i].configuration, table[i].json, "ZEEKPATH", table[i].expected);
        }
}

static void a_zeek_below_the_root_has_its_scripts_there(void** state) {
        static const ZeekSurroundings around = { .binary_directory = "/bin", .layout_directory = "/l" };

        expect_variable(&around, "", "{\"name\":\"w\"}", "ZEEKPATH",
                        "/l:.:/share/zeek:/share/zeek/policy:/share/zeek/site:/share/zeek/builtin-plugins");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_environment_starts_clean),
                cmocka_unit_test(what_is_not_known_is_left_out),
                cmocka_unit_test(the_node_wins_over_the_configuration_and_that_over_the_rest),
                cmocka_unit_test(a_cluster_table_decides_over_cluster_node),
                cmocka_unit_test(nobody_hides_the_configuration_file_of_the_node),
                cmocka_unit_test(the_layout_comes_first_in_zeekpath),
                cmocka_unit_test(a_zeek_below_the_root_has_its_scripts_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
