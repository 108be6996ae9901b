/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "stand-in/script-checker.h"
#include "unit/unit.h"
#include "util/alloc.h"

typedef struct Fixture {
        Version version;
        Settings settings;
        Layout layout;
        Scripts scripts;
} Fixture;

static void fixture_init(Fixture* fixture, const char* node_type) {
        *fixture = (Fixture) {};
        version_set(&fixture->version, "8.1.0");
        scripts_init(&fixture->scripts, &fixture->version, &fixture->settings);
        if (node_type) {
                fixture->layout.nodes = xcalloc(1, sizeof(LayoutNode));
                fixture->layout.nodes[0] =
                        (LayoutNode) { .name = xstrdup("n"), .node_type = xstrdup(node_type) };
                fixture->layout.n = 1;
                fixture->scripts.world.node_name = "n";
                fixture->scripts.world.layout = &fixture->layout;
                fixture->scripts.world.self = &fixture->layout.nodes[0];
        }
}

static void fixture_done(Fixture* fixture) {
        scripts_done(&fixture->scripts);
        settings_done(&fixture->settings);
        layout_done(&fixture->layout);
}

/* From memory that ends where the text does, so that a sanitizer sees every step beyond. */
static int check(Fixture* fixture, const char* text, size_t size) {
        _cleanup_free_ char* copy = xmemdup(text, size);

        return script_check(&fixture->scripts, "./test.zeek", copy, size);
}

static int check_alone(const char* text) {
        Fixture fixture;
        int r;

        fixture_init(&fixture, NULL);
        r = check(&fixture, text, strlen(text));
        fixture_done(&fixture);
        return r;
}

static const char plausible[] =
        "##! A script with all that can hide a bracket. {[(\n"
        "@load base/frameworks/notice # with a comment }\n"
        "module Local;\n"
        "export { redef enum Notice::Type += { Odd_Thing, }; const limit = 10min &redef; }\n"
        "redef Site::local_nets += { 10.0.0.0/8, [fd00::]/8, };\n"
        "global seen: table[addr, port] of count &default=0 &create_expire=1hr;\n"
        "event connection_established(c: connection) &priority=5\n"
        "\t{\n"
        "\tlocal half = |seen| / 2; # no pattern\n"
        "\tif ( /^[\"{]+(a|b)\\/c/i in c$uid && c?$http || c$id$resp_p == 80/tcp )\n"
        "\t\tprint fmt(\"%s \\\" { ( [\", c$uid[0:4]), half;\n"
        "\tseen[c$id$orig_h, c$id$orig_p] += 1;\n"
        "\t}\n"
        "@ifdef ( Some::thing )\nredef Some::thing = 1e-5;\n@else\nbroken {{{\n@endif\n";

static void a_plausible_script_is_taken(void** state) {
        assert_int_equal(check_alone(plausible), 0);
        assert_int_equal(check_alone(""), 0);
        assert_int_equal(check_alone("# only a comment"), 0);
        assert_int_equal(check_alone("print @DIR + \"/x\";"), 0);
        assert_int_equal(check_alone("print |a| / (b / 2), c[1] / (2 / d);"), 0);
        assert_int_equal(check_alone("return /[\"(]/ | /{/;"), 0);
        assert_int_equal(check_alone("if ( x in /[(]/ && |y| > 0 ) print /(/;"), 0);
}

static void an_implausible_script_is_a_syntax_error(void** state) {
        static const char* const bad[] = {
                "event zeek_init() { print \"a\"; ",
                "event zeek_init() { print \"a\"; } }",
                "event zeek_init( { print \"a\"; }",
                "event zeek_init() { print (1]; }",
                "print \"a",
                "print \"a\nb\";",
                "print 1",
                "redef x = 1",
                "print `x`;",
                "@if ( T\nprint 1;\n@endif\n",
                "@if ( T )\nprint 1;\n",
                "@endif\n",
                "@else\n",
                "@load\n",
                "print \x01;",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (check_alone(bad[i]) >= 0)
                        fail_msg("taken: %s", bad[i]);
}

static void redefs_become_settings(void** state) {
        static const char text[] =
                "redef Log::default_rotation_interval = 10 mins;\n"
                "redef Log::default_rotation_dir = \"../log\" + \"-queue\";\n"
                "redef Log::default_rotation_postprocessor_cmd = \"\";\n"
                "redef Log::rotation_format_func = archiver_rotation_format_func;\n"
                "redef LogAscii::enable_leftover_log_rotation = T;\n"
                "redef exit_only_after_terminate = F;\n"
                "redef Some::thing = some_function(1, 2);\n"
                "redef Some::home = getenv(\"STANDIN_TEST_HOME\") + \"/x\";\n"
                "redef Some::list += { \"a\" };\n"
                "event x() { redef_me = 1; }\n";
        Fixture fixture;

        assert_int_equal(setenv("STANDIN_TEST_HOME", "/home", 1), 0);
        fixture_init(&fixture, NULL);
        assert_int_equal(check(&fixture, text, strlen(text)), 0);
        assert_true(settings_get_interval(&fixture.settings, "Log::default_rotation_interval", 0) == 600);
        assert_string_equal(settings_get(&fixture.settings, "Log::default_rotation_dir"), "../log-queue");
        assert_string_equal(settings_get(&fixture.settings, "Log::default_rotation_postprocessor_cmd"), "");
        assert_string_equal(settings_get(&fixture.settings, "Log::rotation_format_func"),
                            "archiver_rotation_format_func");
        assert_true(settings_get_bool(&fixture.settings, "LogAscii::enable_leftover_log_rotation", false));
        assert_false(settings_get_bool(&fixture.settings, "exit_only_after_terminate", true));
        assert_null(settings_get(&fixture.settings, "Some::thing"));
        assert_string_equal(settings_get(&fixture.settings, "Some::home"), "/home/x");
        assert_null(settings_get(&fixture.settings, "Some::list"));

        /* the command line comes last */
        assert_int_equal(scripts_set(&fixture.scripts, "Log::default_rotation_dir=elsewhere"), 0);
        assert_string_equal(settings_get(&fixture.settings, "Log::default_rotation_dir"), "elsewhere");
        assert_int_equal(scripts_set(&fixture.scripts, "Log::default_rotation_dir="), 0);
        assert_string_equal(settings_get(&fixture.settings, "Log::default_rotation_dir"), "elsewhere");
        assert_true(scripts_set(&fixture.scripts, "not a name=1") < 0);
        fixture_done(&fixture);
}

static void conditions_decide_which_redefs_count(void** state) {
        static const struct {
                const char* condition;
                const char* on_logger; /* T, F, or ? for one that cannot be told */
                const char* outside;
        } cases[] = {
                { "Cluster::local_node_type() == Cluster::LOGGER", "T", "F" },
                { "Cluster::local_node_type() != Cluster::LOGGER", "F", "T" },
                { "Cluster::is_enabled()", "T", "F" },
                { "! Cluster::is_enabled()", "F", "T" },
                { "Cluster::node == \"n\"", "T", "F" },
                { "Supervisor::is_supervised()", "F", "F" },
                { "getenv(\"STANDIN_TEST_UNSET\") != \"\"", "F", "F" },
                { "(Cluster::is_enabled() && Cluster::get_node_count(Cluster::LOGGER) > 1)", "F", "F" },
                { "Cluster::is_enabled() && unknown()", "?", "F" },
                { "Cluster::is_enabled() || unknown()", "T", "?" },
                { "unknown() == 1", "?", "?" },
                { "T ? F : T", "?", "?" },
                { "((((", NULL, NULL },
        };
        static const char* const types[] = { "LOGGER", NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t k = 0; k < 2; k++) {
                        const char* expected = k == 0 ? cases[i].on_logger : cases[i].outside;
                        _cleanup_free_ char* text =
                                xasprintf("@if ( %s )\nredef X = T;\n@else\nredef X = F;\n@endif\n",
                                          cases[i].condition);
                        const char* value;
                        Fixture fixture;
                        int r;

                        fixture_init(&fixture, types[k]);
                        r = check(&fixture, text, strlen(text));
                        value = settings_get(&fixture.settings, "X");
                        if ((r >= 0) != !!expected ||
                            (expected && strcmp(value ? value : "?", expected) != 0))
                                fail_msg("%s: %s instead of %s", cases[i].condition, value, expected);
                        fixture_done(&fixture);
                }
}

static void scripts_of_zeek_are_there_from_the_series_that_has_them(void** state) {
        static const struct {
                const char* name;
                const char* version;
                bool found;
                const char* backend;
        } cases[] = {
                { "local", "4.0.0", true, NULL },
                { "local.zeek", "9.0.0", true, NULL },
                { "base/frameworks/cluster", "4.0.0", true, NULL },
                { "policy/misc/loaded-scripts", "4.0.0", true, NULL },
                { "tuning/json-logs.zeek", "4.0.0", true, NULL },
                { "policy/frameworks/cluster/backend/zeromq", "7.0.11", false, NULL },
                { "policy/frameworks/cluster/backend/zeromq", "7.1.0", true, "ZEROMQ" },
                { "frameworks/cluster/backend/zeromq/connect", "8.1.0", true, "ZEROMQ" },
                { "policy/frameworks/cluster/backend/broker", "8.0.1", false, NULL },
                { "policy/frameworks/cluster/backend/broker/__load__.zeek", "8.1.0", true, "BROKER" },
                { "policy/frameworks/cluster/backend/broker", "9.0.0", true, "BROKER" },
                { "policy/frameworks/cluster/backend/nats", "9.0.0", false, NULL },
                { "policy/frameworks/cluster/backend/zeromq", "", false, NULL },
                { "no-such-script", "8.1.0", false, NULL },
        };

        assert_int_equal(setenv("ZEEKPATH", "/nonexistent", 1), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture fixture;

                fixture_init(&fixture, NULL);
                version_set(&fixture.version, cases[i].version);
                if ((scripts_load(&fixture.scripts, cases[i].name, NULL) >= 0) != cases[i].found)
                        fail_msg("%s in %s", cases[i].name, cases[i].version);
                if (cases[i].backend)
                        assert_string_equal(fixture.scripts.backend, cases[i].backend);
                else
                        assert_null(fixture.scripts.backend);
                fixture_done(&fixture);
        }
}

static void intervals_are_read_as_zeek_writes_them(void** state) {
        double value;

        assert_int_equal(interval_parse("1hr", &value), 0);
        assert_true(value == 3600);
        assert_int_equal(interval_parse("2 hrs", &value), 0);
        assert_true(value == 7200);
        assert_int_equal(interval_parse("0.5min", &value), 0);
        assert_true(value == 30);
        assert_int_equal(interval_parse("0secs", &value), 0);
        assert_true(value == 0);
        assert_true(interval_parse("1", &value) < 0);
        assert_true(interval_parse("1 fortnight", &value) < 0);
        assert_true(interval_parse("-1 sec", &value) < 0);
        assert_true(interval_parse("", &value) < 0);
}

static void a_script_that_is_cut_or_damaged_anywhere_is_read_within_its_bounds(void** state) {
        uint32_t random = 42;
        Fixture fixture;

        fixture_init(&fixture, "WORKER");
        for (size_t size = 0; size < sizeof plausible; size++)
                (void) check(&fixture, plausible, size);
        for (unsigned round = 0; round < 3000; round++) {
                char damaged[sizeof plausible];

                memcpy(damaged, plausible, sizeof plausible);
                for (unsigned i = 0; i < 4; i++) {
                        random = random * 1664525 + 1013904223;
                        damaged[(random >> 8) % (sizeof plausible - 1)] = (char) random;
                }
                (void) check(&fixture, damaged, sizeof plausible - 1);
        }
        fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_plausible_script_is_taken),
                cmocka_unit_test(an_implausible_script_is_a_syntax_error),
                cmocka_unit_test(redefs_become_settings),
                cmocka_unit_test(conditions_decide_which_redefs_count),
                cmocka_unit_test(scripts_of_zeek_are_there_from_the_series_that_has_them),
                cmocka_unit_test(intervals_are_read_as_zeek_writes_them),
                cmocka_unit_test(a_script_that_is_cut_or_damaged_anywhere_is_read_within_its_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
