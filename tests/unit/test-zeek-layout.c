/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/zeek-fixture.h"
#include "zeek/layout.h"

#define HEADER "# Written by zeek-supervisor from the cluster table of its nodes; changes are lost.\n"

static char* layout_of(const char* cluster, const char* name, const char* version) {
        _cleanup_free_ char* json = xasprintf("{\"name\":\"%s\",\"cluster\":%s}", name, cluster);
        _cleanup_node_spec_ NodeSpec* spec = fixture_spec(json);

        return zeek_layout_text(spec->cluster, fixture_version(version));
}

static void expect_layout(const char* cluster, const char* name, const char* version, const char* expected) {
        _cleanup_free_ char* text = layout_of(cluster, name, version);

        assert_string_equal(text, expected);
}

static const char full_cluster[] =
        "{\"worker-1\":{\"role\":\"Supervisor::WORKER\",\"host\":\"127.0.0.1\",\"interface\":\"eth0\","
        "\"metrics_port\":\"9994/tcp\"},"
        "\"manager\":{\"role\":\"Supervisor::MANAGER\",\"host\":\"127.0.0.1\",\"p\":\"27760/tcp\","
        "\"metrics_port\":\"9991/tcp\"},"
        "\"logger-1\":{\"role\":\"Supervisor::LOGGER\",\"host\":\"127.0.0.1\",\"p\":\"27761/tcp\","
        "\"metrics_port\":\"9992/tcp\"},"
        "\"proxy-1\":{\"role\":\"Supervisor::PROXY\",\"host\":\"127.0.0.1\",\"p\":\"27762/tcp\","
        "\"metrics_port\":\"0/unknown\"}}";

/* Sorted by name; $interface is never written: 7.1 refuses it, and nobody reads it. */
static const char without_metrics[] =
        HEADER
        "redef Cluster::manager_is_logger = F;\n"
        "redef Cluster::nodes = {\n"
        "\t[\"logger-1\"] = [$node_type=Cluster::LOGGER, $ip=127.0.0.1, $p=27761/tcp, $manager=\"manager\"],\n"
        "\t[\"manager\"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp],\n"
        "\t[\"proxy-1\"] = [$node_type=Cluster::PROXY, $ip=127.0.0.1, $p=27762/tcp, $manager=\"manager\"],\n"
        "\t[\"worker-1\"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $manager=\"manager\"],\n"
        "};\n";

static const char with_metrics[] =
        HEADER
        "redef Cluster::manager_is_logger = F;\n"
        "redef Cluster::nodes = {\n"
        "\t[\"logger-1\"] = [$node_type=Cluster::LOGGER, $ip=127.0.0.1, $p=27761/tcp, $manager=\"manager\", "
        "$metrics_port=9992/tcp],\n"
        "\t[\"manager\"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp, $metrics_port=9991/tcp],\n"
        "\t[\"proxy-1\"] = [$node_type=Cluster::PROXY, $ip=127.0.0.1, $p=27762/tcp, $manager=\"manager\"],\n"
        "\t[\"worker-1\"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $manager=\"manager\", "
        "$metrics_port=9994/tcp],\n"
        "};\n";

static void a_version_gets_the_fields_that_it_takes(void** state) {
        static const struct {
                const char *version, *expected;
        } table[] = {
                { "4.0.9", without_metrics }, { "6.2.1", without_metrics }, { "7.0.11", with_metrics },
                { "7.1.1", with_metrics },    { "8.0.0", with_metrics },    { "8.1.0", with_metrics },
                { "9.0.0", with_metrics },    { "unknown", without_metrics },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                expect_layout(full_cluster, "manager", table[i].version, table[i].expected);
}

static void without_a_logger_the_manager_is_one(void** state) {
        expect_layout("{\"m\":{\"role\":\"MANAGER\",\"host\":\"10.0.0.1\",\"p\":1},"
                      "\"w\":{\"role\":\"WORKER\",\"host\":\"10.0.0.2\"}}",
                      "w", "7.0.11",
                      HEADER
                      "redef Cluster::manager_is_logger = T;\n"
                      "redef Cluster::nodes = {\n"
                      "\t[\"m\"] = [$node_type=Cluster::MANAGER, $ip=10.0.0.1, $p=1/tcp],\n"
                      "\t[\"w\"] = [$node_type=Cluster::WORKER, $ip=10.0.0.2, $manager=\"m\"],\n"
                      "};\n");
}

static void without_a_manager_nobody_names_one(void** state) {
        expect_layout("{\"w\":{\"role\":\"WORKER\",\"host\":\"10.0.0.2\",\"p\":65535}}", "w", "7.0.11",
                      HEADER
                      "redef Cluster::manager_is_logger = T;\n"
                      "redef Cluster::nodes = {\n"
                      "\t[\"w\"] = [$node_type=Cluster::WORKER, $ip=10.0.0.2, $p=65535/tcp],\n"
                      "};\n");
}

static void of_several_managers_the_last_one_counts(void** state) {
        expect_layout("{\"m2\":{\"role\":\"MANAGER\",\"host\":\"10.0.0.2\"},"
                      "\"m1\":{\"role\":\"MANAGER\",\"host\":\"10.0.0.1\"},"
                      "\"l\":{\"role\":\"LOGGER\",\"host\":\"10.0.0.3\"}}",
                      "l", "7.0.11",
                      HEADER
                      "redef Cluster::manager_is_logger = F;\n"
                      "redef Cluster::nodes = {\n"
                      "\t[\"l\"] = [$node_type=Cluster::LOGGER, $ip=10.0.0.3, $manager=\"m2\"],\n"
                      "\t[\"m1\"] = [$node_type=Cluster::MANAGER, $ip=10.0.0.1],\n"
                      "\t[\"m2\"] = [$node_type=Cluster::MANAGER, $ip=10.0.0.2],\n"
                      "};\n");
}

static void ipv6_addresses_are_written_as_zeek_reads_them(void** state) {
        static const struct {
                const char *host, *expected;
        } table[] = {
                { "fd00::1", "[fd00::1]" },
                { "::1", "[::1]" },
                { "FD00:0:0:0:0:0:0:1", "[fd00::1]" },
                { "::ffff:10.0.0.1", "[::ffff:10.0.0.1]" },
                { "1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]" },
                { "10.0.0.1", "10.0.0.1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* cluster = xasprintf("{\"w\":{\"role\":\"WORKER\",\"host\":\"%s\"}}", table[i].host);
                _cleanup_free_ char* expected = xasprintf(HEADER
                                                          "redef Cluster::manager_is_logger = T;\n"
                                                          "redef Cluster::nodes = {\n"
                                                          "\t[\"w\"] = [$node_type=Cluster::WORKER, $ip=%s],\n"
                                                          "};\n",
                                                          table[i].expected);

                expect_layout(cluster, "w", "7.0.11", expected);
        }
}

static void entries_without_a_role_are_there_too(void** state) {
        expect_layout("{\"a\":{\"role\":\"NONE\",\"host\":\"10.0.0.1\",\"p\":1},"
                      "\"w\":{\"role\":\"WORKER\",\"host\":\"10.0.0.2\"}}",
                      "w", "9.0.0",
                      HEADER
                      "redef Cluster::manager_is_logger = T;\n"
                      "redef Cluster::nodes = {\n"
                      "\t[\"a\"] = [$node_type=Cluster::NONE, $ip=10.0.0.1, $p=1/tcp],\n"
                      "\t[\"w\"] = [$node_type=Cluster::WORKER, $ip=10.0.0.2],\n"
                      "};\n");
}

/* No table that was checked holds such a name; a layout must be right whatever a table holds. */
static void names_are_escaped(void** state) {
        ClusterEndpoint endpoint = {
                .name = (char*) "a\"b\\c\nd", .role = ROLE_MANAGER, .host = (char*) "10.0.0.1"
        };
        ClusterTable table = { .n_ref = 1, .n = 1, .endpoints = &endpoint };
        _cleanup_free_ char* text = zeek_layout_text(&table, (ZeekVersion) {});

        assert_non_null(strstr(text, "\t[\"a\\\"b\\\\c\\x0ad\"] = [$node_type"));
}

static void equal_layouts_have_equal_names(void** state) {
        _cleanup_free_ char* six = layout_of(full_cluster, "manager", "6.2.1");
        _cleanup_free_ char* seven = layout_of(full_cluster, "manager", "7.0.11");
        _cleanup_free_ char* eight = layout_of(full_cluster, "worker-1", "8.0.0");
        _cleanup_free_ char* id_six = zeek_layout_id(six);
        _cleanup_free_ char* id_seven = zeek_layout_id(seven);
        _cleanup_free_ char* id_eight = zeek_layout_id(eight);

        assert_string_equal(id_seven, id_eight);
        assert_string_not_equal(id_six, id_seven);
        assert_int_equal(strlen(id_six), 32);
}

/* From the reference of the Fowler, Noll and Vo hash. */
static void the_name_is_fnv_1a_of_the_text(void** state) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                { "", "6c62272e07bb014262b821756295c58d" },
                { "a", "d228cb696f1a8caf78912b704e4a8964" },
                { "foobar", "343e1662793c64bf6f0d3597ba446f18" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* id = zeek_layout_id(table[i].text);

                assert_string_equal(id, table[i].expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_version_gets_the_fields_that_it_takes),
                cmocka_unit_test(without_a_logger_the_manager_is_one),
                cmocka_unit_test(without_a_manager_nobody_names_one),
                cmocka_unit_test(of_several_managers_the_last_one_counts),
                cmocka_unit_test(ipv6_addresses_are_written_as_zeek_reads_them),
                cmocka_unit_test(entries_without_a_role_are_there_too),
                cmocka_unit_test(names_are_escaped),
                cmocka_unit_test(equal_layouts_have_equal_names),
                cmocka_unit_test(the_name_is_fnv_1a_of_the_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
