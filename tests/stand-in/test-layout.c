/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "stand-in/layout.h"
#include "unit/unit.h"
#include "util/alloc.h"

static const char complete[] =
        "# a comment with \" and } in it\n"
        "redef Cluster::manager_is_logger = F;\n"
        "redef Cluster::nodes += {\n"
        "\t[\"manager\"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp, $metrics_port=9991/tcp],\n"
        "\t[\"logger-1\"] = [$node_type=Cluster::LOGGER, $ip=[fd00::1], $p=27761/tcp, $manager=\"manager\"], # more\n"
        "\t[\"w \\\"1\\\" \\\\ \\x41\"] = [$manager=\"manager\", $ip=10.1.2.3, $node_type=Cluster::WORKER],\n"
        "};\n";

/* From memory that ends where the text does, so that a sanitizer sees every step beyond. */
static int parse(Layout* ret, const char* text, size_t size, const char* version_text) {
        _cleanup_free_ char* copy = xmemdup(text, size);
        Version version;

        version_set(&version, version_text);
        return layout_parse(ret, "./cluster-layout.zeek", copy, size, &version);
}

static int try_layout(const char* text, const char* version_text) {
        Layout layout = {};
        int r = parse(&layout, text, strlen(text), version_text);

        layout_done(&layout);
        return r;
}

static int try_node(const char* fields, const char* version_text) {
        _cleanup_free_ char* text = xasprintf("redef Cluster::nodes = { [\"a\"] = [%s] };", fields);

        return try_layout(text, version_text);
}

static void a_layout_of_all_that_is_allowed_is_read_whole(void** state) {
        const LayoutNode* node;
        Layout layout = {};

        assert_int_equal(parse(&layout, complete, strlen(complete), "7.0.11"), 0);
        assert_int_equal(layout.n, 3);
        assert_false(layout.manager_is_logger);
        assert_int_equal(layout_count(&layout, "WORKER"), 1);
        assert_int_equal(layout_count(&layout, "PROXY"), 0);

        node = layout_find(&layout, "manager");
        assert_non_null(node);
        assert_string_equal(node->node_type, "MANAGER");
        assert_int_equal(node->p, 27760);
        assert_int_equal(node->metrics_port, 9991);
        assert_false(layout_is_logger(&layout, node));

        node = layout_find(&layout, "logger-1");
        assert_non_null(node);
        assert_string_equal(node->ip, "fd00::1");
        assert_string_equal(node->manager, "manager");
        assert_true(layout_is_logger(&layout, node));

        node = layout_find(&layout, "w \"1\" \\ A");
        assert_non_null(node);
        assert_string_equal(node->ip, "10.1.2.3");
        assert_int_equal(node->p, 0);
        assert_null(layout_find(&layout, "worker-1"));
        layout_done(&layout);
}

static void the_manager_is_the_logger_unless_the_layout_says_otherwise(void** state) {
        static const char text[] =
                "redef Cluster::nodes = { [\"m\"] = [$node_type=Cluster::MANAGER, $ip=::1] };";
        static const char good[] =
                "redef Cluster::nodes = { [\"m\"] = [$node_type=Cluster::MANAGER, $ip=[::1]] };";
        Layout layout = {};

        assert_true(try_layout(text, "7.0.11") < 0);
        assert_int_equal(parse(&layout, good, strlen(good), "7.0.11"), 0);
        assert_true(layout.manager_is_logger);
        assert_true(layout_is_logger(&layout, &layout.nodes[0]));
        layout_done(&layout);
}

static void each_series_has_its_own_fields(void** state) {
        static const char base[] = "$node_type=Cluster::WORKER, $ip=10.0.0.1";
        static const struct {
                const char* more;
                const char* version;
                bool good;
        } cases[] = {
                { "", "4.0.9", true },
                { "", "9.1.0-dev.12", true },
                { "", "", true },
                { "", "3.0.14", false },
                { ", $p=1/tcp", "3.0.14", true },
                { ", $metrics_port=9991/tcp", "6.2.1", false },
                { ", $metrics_port=9991/tcp", "7.0.0-rc1", true },
                { ", $metrics_port=9991/tcp", "10.0.1", true },
                { ", $metrics_port=9991/tcp", "", false },
                { ", $interface=\"eth0\"", "6.0.5", true },
                { ", $interface=\"eth0\"", "7.0.11", true },
                { ", $interface=\"eth0\"", "7.1.0", false },
                { ", $interface=\"eth0\"", "8.0.1", false },
                { ", $interface=\"eth0\"", "", false },
                { ", $time_machine=\"tm\"", "7.0.11", true },
                { ", $time_machine=\"tm\"", "7.1.0", false },
                { ", $zone_id=\"\", $id=\"x\", $manager=\"m\", $p=0/unknown", "8.1.0", true },
                { ", $logger=\"l\"", "7.0.11", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* fields = xasprintf("%s%s", base, cases[i].more);

                if ((try_node(fields, cases[i].version) >= 0) != cases[i].good)
                        fail_msg("%s in %s", fields, cases[i].version);
        }
        assert_int_equal(try_node("$node_type=Cluster::TIME_MACHINE, $ip=1.2.3.4", "7.0.11"), 0);
        assert_true(try_node("$node_type=Cluster::TIME_MACHINE, $ip=1.2.3.4", "7.1.0") < 0);
}

static void what_zeek_would_not_take_is_refused(void** state) {
        static const char* const bad_nodes[] = {
                "",
                "$node_type=Cluster::WORKER",
                "$ip=10.0.0.1",
                "$node_type=WORKER, $ip=10.0.0.1",
                "$node_type=Cluster::worker, $ip=10.0.0.1",
                "$node_type=Supervisor::WORKER, $ip=10.0.0.1",
                "$node_type=\"Cluster::WORKER\", $ip=10.0.0.1",
                "$node_type=Cluster::WORKER, $ip=\"10.0.0.1\"",
                "$node_type=Cluster::WORKER, $ip=10.0.0.256",
                "$node_type=Cluster::WORKER, $ip=10.0.0",
                "$node_type=Cluster::WORKER, $ip=localhost",
                "$node_type=Cluster::WORKER, $ip=10.0.0.0/8",
                "$node_type=Cluster::WORKER, $ip=[fd00::1]/64",
                "$node_type=Cluster::WORKER, $ip=[fd00::g]",
                "$node_type=Cluster::WORKER, $ip=[fe80::1%eth0]",
                "$node_type=Cluster::WORKER, $ip=fd00::1",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=1",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=65536/tcp",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=99999999999999999999/tcp",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=-1/tcp",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=1/sctp",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=\"1/tcp\"",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $p=0x10/tcp",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $manager=manager",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $manager=\"a\\q\"",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $manager=\"a\\x00\"",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $manager=\"a",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $manager=\"a\nb\"",
                "$node_type=Cluster::WORKER, $ip=10.0.0.1, $ip=10.0.0.1",
                "$node_type=Cluster::WORKER $ip=10.0.0.1",
                "$node_type=Cluster::WORKER, ip=10.0.0.1",
                "$node_type=Cluster::WORKER,, $ip=10.0.0.1",
                "$node_type:Cluster::WORKER, $ip=10.0.0.1",
        };
        static const char* const bad_files[] = {
                "redef Cluster::nodes = { }",
                "redef Cluster::nodes = { ;",
                "redef Cluster::nodes = };",
                "redef Cluster::nodes { };",
                "Cluster::nodes = { };",
                "redef Cluster::Nodes = { };",
                "redef Cluster::manager_is_logger = true;",
                "redef Cluster::manager_is_logger = 1;",
                "redef Cluster::manager_is_logger += T;",
                "redef Cluster::manager_is_logger = T",
                "redef Log::default_rotation_dir = \"x\";",
                "@load base/frameworks/cluster\n",
                "redef Cluster::nodes = { [manager] = [$node_type=Cluster::MANAGER, $ip=10.0.0.1] };",
                "redef Cluster::nodes = { [\"m\"] = $node_type=Cluster::MANAGER };",
                "redef Cluster::nodes = { [\"m\"] = [$node_type=Cluster::MANAGER, $ip=1.1.1.1]\n"
                " [\"n\"] = [$node_type=Cluster::WORKER, $ip=1.1.1.1] };",
                "redef Cluster::nodes = { [\"m\"] = [$node_type=Cluster::MANAGER, $ip=1.1.1.1],\n"
                " [\"m\"] = [$node_type=Cluster::WORKER, $ip=1.1.1.1] };",
                "redef Cluster::nodes = { };;",
                "\"",
                "\xff",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad_nodes); i++)
                if (try_node(bad_nodes[i], "7.0.11") >= 0)
                        fail_msg("taken: %s", bad_nodes[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad_files); i++)
                if (try_layout(bad_files[i], "7.0.11") >= 0)
                        fail_msg("taken: %s", bad_files[i]);
        assert_int_equal(try_layout("", "7.0.11"), 0);
        assert_int_equal(try_layout("redef Cluster::nodes = { };", "7.0.11"), 0);
}

static void a_text_that_is_cut_or_damaged_anywhere_is_read_within_its_bounds(void** state) {
        uint32_t random = 4711;

        for (size_t size = 0; size < sizeof complete; size++) {
                Layout layout = {};

                (void) parse(&layout, complete, size, "7.0.11");
                layout_done(&layout);
        }
        for (unsigned round = 0; round < 3000; round++) {
                char damaged[sizeof complete];
                Layout layout = {};

                memcpy(damaged, complete, sizeof complete);
                for (unsigned i = 0; i < 3; i++) {
                        random = random * 1664525 + 1013904223;
                        damaged[(random >> 8) % (sizeof complete - 1)] = (char) random;
                }
                (void) parse(&layout, damaged, sizeof complete - 1, "7.0.11");
                layout_done(&layout);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_layout_of_all_that_is_allowed_is_read_whole),
                cmocka_unit_test(the_manager_is_the_logger_unless_the_layout_says_otherwise),
                cmocka_unit_test(each_series_has_its_own_fields),
                cmocka_unit_test(what_zeek_would_not_take_is_refused),
                cmocka_unit_test(a_text_that_is_cut_or_damaged_anywhere_is_read_within_its_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
