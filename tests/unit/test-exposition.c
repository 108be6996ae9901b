/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include "metrics/exposition.h"
#include "unit/unit.h"

static void write_all(Exposition* e) {
        const Label labels[] = { { "node", "a\"b\\c\nd" }, { "reason", "ü" } };

        exposition_family(e, "zeek_node_exits", "counter", "", "Ends \\ of\n\"nodes\".");
        exposition_sample(e, "_total", labels, 2, 3);
        exposition_family(e, "zeek_cpu_seconds", "counter", "seconds", "Time.");
        exposition_sample(e, "_total", labels + 1, 1, 0.25);
        exposition_family(e, "zeek_node", "info", "", "A node.");
        exposition_sample(e, "_info", NULL, 0, 1);
        exposition_family(e, "zeek_state", "stateset", "", "State.");
        exposition_end(e);
}

static void openmetrics_is_as_its_specification_says(void** state) {
        _cleanup_exposition_ Exposition e = { .openmetrics = true };

        write_all(&e);
        assert_string_equal(e.text,
                            "# HELP zeek_node_exits Ends \\\\ of\\n\\\"nodes\\\".\n"
                            "# TYPE zeek_node_exits counter\n"
                            "zeek_node_exits_total{node=\"a\\\"b\\\\c\\nd\",reason=\"ü\"} 3\n"
                            "# HELP zeek_cpu_seconds Time.\n"
                            "# TYPE zeek_cpu_seconds counter\n"
                            "# UNIT zeek_cpu_seconds seconds\n"
                            "zeek_cpu_seconds_total{reason=\"ü\"} 0.25\n"
                            "# HELP zeek_node A node.\n"
                            "# TYPE zeek_node info\n"
                            "zeek_node_info 1\n"
                            "# HELP zeek_state State.\n"
                            "# TYPE zeek_state stateset\n"
                            "# EOF\n");
        assert_int_equal(e.size, strlen(e.text));
}

static void the_older_text_knows_fewer_types(void** state) {
        _cleanup_exposition_ Exposition e = {};

        write_all(&e);
        assert_string_equal(e.text,
                            "# HELP zeek_node_exits_total Ends \\\\ of\\n\"nodes\".\n"
                            "# TYPE zeek_node_exits_total counter\n"
                            "zeek_node_exits_total{node=\"a\\\"b\\\\c\\nd\",reason=\"ü\"} 3\n"
                            "# HELP zeek_cpu_seconds_total Time.\n"
                            "# TYPE zeek_cpu_seconds_total counter\n"
                            "zeek_cpu_seconds_total{reason=\"ü\"} 0.25\n"
                            "# HELP zeek_node_info A node.\n"
                            "# TYPE zeek_node_info gauge\n"
                            "zeek_node_info 1\n"
                            "# HELP zeek_state State.\n"
                            "# TYPE zeek_state gauge\n");
}

static void numbers_keep_their_value(void** state) {
        static const struct {
                double value;
                const char* text;
        } cases[] = {
                { 0, "x 0\n" },         { -1, "x -1\n" },        { 9007199254740992.0, "x 9007199254740992\n" },
                { 0.5, "x 0.5\n" },     { INFINITY, "x +Inf\n" }, { -INFINITY, "x -Inf\n" },
                { NAN, "x NaN\n" },     { 1e300, "x 1.0000000000000001e+300\n" },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                _cleanup_exposition_ Exposition e = {};

                exposition_family(&e, "x", "gauge", "", "");
                exposition_sample(&e, "", NULL, 0, cases[i].value);
                assert_non_null(strstr(e.text, cases[i].text));
        }
}

static void what_is_no_metric_is_left_out(void** state) {
        static const struct {
                const char *name, *type, *unit, *suffix, *label;
        } cases[] = {
                { "", "gauge", "", "", "l" },        { "0x", "gauge", "", "", "l" },   { "a b", "gauge", "", "", "l" },
                { "a\n# EOF", "gauge", "", "", "l" }, { "a", "thing", "", "", "l" },    { "a", "gauge", "seconds", "", "l" },
                { "a", "gauge", "", "\n", "l" },      { "a", "gauge", "", "", "" },     { "a", "gauge", "", "", "l=\"" },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                _cleanup_exposition_ Exposition e = {};

                exposition_family(&e, "good", "gauge", "", "");
                exposition_family(&e, cases[i].name, cases[i].type, cases[i].unit, "");
                exposition_sample(&e, cases[i].suffix, &(Label) { cases[i].label, "v" }, 1, 1);
                assert_null(strstr(e.text, "v\""));
                assert_null(strstr(e.text, "# EOF"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(openmetrics_is_as_its_specification_says),
                cmocka_unit_test(the_older_text_knows_fewer_types),
                cmocka_unit_test(numbers_keep_their_value),
                cmocka_unit_test(what_is_no_metric_is_left_out),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
