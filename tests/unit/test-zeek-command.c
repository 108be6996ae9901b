/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/zeek-fixture.h"
#include "util/strv.h"
#include "zeek/command.h"

#define ZEROMQ "policy/frameworks/cluster/backend/zeromq"
#define BROKER "policy/frameworks/cluster/backend/broker"

static Settings* settings_of(const char* text) {
        _cleanup_diagnostics_ Diagnostics d = {};
        Settings* settings = settings_parse("test", text, strlen(text), &d);

        assert_int_equal(d.n, 0);
        return settings;
}

static void expect_command(const char* configuration, const char* version, const char* json, const char* expected) {
        _cleanup_settings_ Settings* settings = settings_of(configuration);
        _cleanup_node_spec_ NodeSpec* spec = fixture_spec(json);
        _cleanup_strv_free_ char** argv = NULL;
        _cleanup_free_ char* joined = NULL;

        argv = zeek_command("/z/bin/zeek", &settings->zeek, fixture_version(version), spec);
        joined = strv_join(argv, " ");
        assert_string_equal(joined, expected);
}

static void the_backend_follows_version_and_configuration(void** state) {
        static const struct {
                const char* configuration;
                /* for each of series[] */
                const char* script[ELEMENTSOF(series)];
        } table[] = {
                /*                                 4.0   6.2   7.0   7.1     8.0     8.1     9.0     unknown */
                { "",                            { NULL, NULL, NULL, NULL,   NULL,   ZEROMQ, ZEROMQ, NULL } },
                { "[Zeek]\nBackend=auto\n",      { NULL, NULL, NULL, NULL,   NULL,   ZEROMQ, ZEROMQ, NULL } },
                { "[Zeek]\nBackend=zeromq\n",    { NULL, NULL, NULL, ZEROMQ, ZEROMQ, ZEROMQ, ZEROMQ, NULL } },
                { "[Zeek]\nBackend=broker\n",    { NULL, NULL, NULL, NULL,   NULL,   BROKER, BROKER, NULL } },
                { "[Zeek]\nBackend=none\n",      { NULL, NULL, NULL, NULL,   NULL,   NULL,   NULL,   NULL } },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                for (size_t j = 0; j < ELEMENTSOF(series); j++) {
                        const char* script = table[i].script[j];
                        const char* status = strcmp(series[j], "unknown") == 0 ? "" : " -U .status";
                        _cleanup_free_ char* with_cluster = xasprintf("/z/bin/zeek%s%s%s local", status, script ? " " : "",
                                                                      script ? script : "");
                        _cleanup_free_ char* alone = xasprintf("/z/bin/zeek%s local", status);

                        expect_command(table[i].configuration, series[j], "{\"name\":\"w\"," CLUSTER_OF_ONE "}",
                                       with_cluster);
                        expect_command(table[i].configuration, series[j], "{\"name\":\"w\"}", alone);
                        expect_command(table[i].configuration, series[j], "{\"name\":\"w\",\"cluster\":{}}", alone);
                }
}

static void whoever_writes_the_logs_of_a_cluster_loads_a_script_for_that(void** state) {
        static const struct {
                const char *name, *cluster;
                bool logs;
        } table[] = {
                { "l", "\"l\":{\"role\":\"LOGGER\",\"host\":\"::1\"},\"m\":{\"role\":\"MANAGER\",\"host\":\"::1\"}", true },
                { "m", "\"l\":{\"role\":\"LOGGER\",\"host\":\"::1\"},\"m\":{\"role\":\"MANAGER\",\"host\":\"::1\"}", false },
                { "m", "\"m\":{\"role\":\"MANAGER\",\"host\":\"::1\"},\"w\":{\"role\":\"WORKER\",\"host\":\"::1\"}", true },
                { "w", "\"m\":{\"role\":\"MANAGER\",\"host\":\"::1\"},\"w\":{\"role\":\"WORKER\",\"host\":\"::1\"}", false },
                { "p", "\"p\":{\"role\":\"PROXY\",\"host\":\"::1\"}", false },
                { "n", "\"n\":{\"role\":\"NONE\",\"host\":\"::1\"}", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* json =
                        xasprintf("{\"name\":\"%s\",\"addl_base_scripts\":[\"b\"],\"cluster\":{%s}}", table[i].name,
                                  table[i].cluster);
                const char* script = table[i].logs ? " zeek-supervisor/logger" : "";
                _cleanup_free_ char* old = xasprintf("/z/bin/zeek -U .status%s b local", script);
                _cleanup_free_ char* new = xasprintf("/z/bin/zeek -U .status " ZEROMQ "%s b local", script);

                expect_command("", "4.0.0", json, old);
                expect_command("", "8.1.0", json, new);
                expect_command("", "unknown", json, "/z/bin/zeek b local");
        }
}

static void a_node_may_ask_for_that_script_itself(void** state) {
        static const struct {
                const char *json, *version;
                bool loads;
        } table[] = {
                { "{\"name\":\"n\"}", "7.0.11", false },
                { "{\"name\":\"n\",\"addl_base_scripts\":[\"zeek-supervisor/logger\"]}", "7.0.11", true },
                { "{\"name\":\"n\",\"addl_user_scripts\":[\"x\",\"zeek-supervisor/logger\"]}", "7.0.11", true },
                { "{\"name\":\"n\",\"addl_base_scripts\":[\"zeek-supervisor/logger\"]}", "unknown", true },
                { "{\"name\":\"n\",\"addl_user_scripts\":[\"zeek-supervisor/node\"]}", "7.0.11", false },
                { "{\"name\":\"m\",\"cluster\":{\"m\":{\"role\":\"MANAGER\",\"host\":\"::1\"}}}", "7.0.11", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_node_spec_ NodeSpec* spec = fixture_spec(table[i].json);

                assert_int_equal(zeek_loads_logger_script(fixture_version(table[i].version), spec), table[i].loads);
        }
}

static void each_part_has_its_place(void** state) {
        expect_command("[Zeek]\nArguments=-C \"-f ip proto 6\"\nScripts=local site/ours\n", "8.1.0",
                       "{\"name\":\"w\",\"interface\":\"af_packet::eth0\",\"bare_mode\":true,"
                       "\"addl_base_scripts\":[\"b1\",\"b2\"],\"addl_user_scripts\":[\"u1\",\"X=1\"]," CLUSTER_OF_ONE "}",
                       "/z/bin/zeek -C -f ip proto 6 -b -i af_packet::eth0 -U .status " ZEROMQ
                       " b1 b2 local site/ours u1 X=1");
        expect_command("[Zeek]\nArguments=-C\n", "7.0.11",
                       "{\"name\":\"w\",\"pcap_file\":\"/tmp/a b.pcap\",\"bare_mode\":false,"
                       "\"addl_user_scripts\":[\"u1\"]}",
                       "/z/bin/zeek -C -r /tmp/a b.pcap -U .status local u1");
}

static void scripts_may_be_none(void** state) {
        expect_command("[Zeek]\nScripts=\"\"\n", "7.0.11", "{\"name\":\"w\"}", "/z/bin/zeek -U .status");
        expect_command("[Zeek]\nScripts=\"\"\n", "unknown", "{\"name\":\"w\"}", "/z/bin/zeek");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_backend_follows_version_and_configuration),
                cmocka_unit_test(whoever_writes_the_logs_of_a_cluster_loads_a_script_for_that),
                cmocka_unit_test(a_node_may_ask_for_that_script_itself),
                cmocka_unit_test(each_part_has_its_place),
                cmocka_unit_test(scripts_may_be_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
