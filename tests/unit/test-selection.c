/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>
#include <string.h>

#include "core/node.h"
#include "core/role.h"
#include "ctl/selection.h"
#include "ctl/summary.h"
#include "unit/unit.h"

static json_t* cluster(void) {
        return json_pack("{s:{s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}, s:{s:s,s:s}}",
                         "worker-10", "role", "worker", "state", "running",
                         "worker-2", "role", "worker", "state", "failed",
                         "manager", "role", "manager", "state", "running",
                         "logger-1", "role", "logger", "state", "running",
                         "probe", "role", "of-the-future", "state", "dancing");
}

/* What is selected, as words. */
static void expect(const Options* o, char** arguments, const char* expected) {
        json_auto_t *nodes = cluster(), *selected = selection_sort(o, arguments, nodes);
        _cleanup_strv_free_ char** names = NULL;
        _cleanup_free_ char* text = NULL;
        json_t* status;
        size_t i;

        json_array_foreach(selected, i, status)
                strv_extend(&names, json_string_value(json_object_get(status, "name")));
        text = strv_join(names, " ");
        assert_string_equal(text, expected);
}

#define WORDS(...) ((char*[]) { __VA_ARGS__, NULL })

static void the_order_is_that_in_which_a_cluster_starts(void** state) {
        expect(&(Options) {}, NULL, "logger-1 manager worker-2 worker-10 probe");
}

static void patterns_are_those_of_a_shell(void** state) {
        expect(&(Options) {}, WORDS((char*) "worker-*"), "worker-2 worker-10");
        expect(&(Options) {}, WORDS((char*) "worker-?", (char*) "manager"), "manager worker-2");
        expect(&(Options) {}, WORDS((char*) "[lm]*"), "logger-1 manager");
        expect(&(Options) {}, WORDS((char*) "work"), "");
        assert_true(name_is_glob("a[bc]"));
        assert_false(name_is_glob("worker-1.x"));
}

static void roles_and_states_narrow_it_further(void** state) {
        expect(&(Options) { .roles = 1U << ROLE_WORKER }, NULL, "worker-2 worker-10");
        expect(&(Options) { .states = 1U << NODE_RUNNING }, NULL, "logger-1 manager worker-10");
        expect(&(Options) { .states = 1U << NODE_RUNNING, .roles = 1U << ROLE_WORKER }, WORDS((char*) "worker-2"), "");
}

static void names_that_nobody_has_are_missing_but_patterns_are_not(void** state) {
        json_auto_t* nodes = cluster();
        _cleanup_strv_free_ char** missing = selection_missing(
                WORDS((char*) "manager", (char*) "x*", (char*) "worker-3", (char*) ""), nodes);

        assert_int_equal(strv_length(missing), 2);
        assert_string_equal(missing[0], "worker-3");
        assert_string_equal(missing[1], "");
}

static void expect_summary(const char* const* states, const char* expected) {
        json_auto_t* nodes = json_array();
        _cleanup_free_ char* text = NULL;

        for (; *states; states++)
                json_array_append_new(nodes, json_pack("{s:s}", "state", *states));
        text = summary_text(nodes);
        assert_string_equal(text, expected);
}

#define STATES(...) ((const char*[]) { __VA_ARGS__, NULL })

static void a_summary_counts_by_state(void** state) {
        expect_summary(STATES(NULL), "No nodes");
        expect_summary(STATES("failed"), "1 node, failed");
        expect_summary(STATES("running", "running"), "2 nodes, all running");
        expect_summary(STATES("waiting", "running", "running"), "3 nodes, 2 running, 1 waiting");
        expect_summary(STATES("dancing"), "1 node, in a state unknown here");
        expect_summary(STATES("dancing", "running"), "2 nodes, 1 running, 1 in a state unknown here");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_order_is_that_in_which_a_cluster_starts),
                cmocka_unit_test(patterns_are_those_of_a_shell),
                cmocka_unit_test(roles_and_states_narrow_it_further),
                cmocka_unit_test(names_that_nobody_has_are_missing_but_patterns_are_not),
                cmocka_unit_test(a_summary_counts_by_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
