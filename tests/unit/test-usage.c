/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/look.h"
#include "ctl/usage.h"
#include "unit/unit.h"
#include "util/strv.h"

static json_t* node(const char* name, int pid, json_int_t cpu_nsec, json_int_t memory) {
        json_t* status = json_pack("{s:s, s:i, s:s}", "name", name, "pid", pid, "state", "running");

        if (cpu_nsec >= 0)
                json_object_set_new(status, "cpu_usage_nsec", json_integer(cpu_nsec));
        if (memory >= 0)
                json_object_set_new(status, "memory_current", json_integer(memory));
        return status;
}

static void cpu_is_what_was_used_between_two_looks(void** state) {
        json_auto_t *a = node("a", 1, 1000000000, -1), *b = node("a", 1, 2500000000, -1), *other = node("a", 2, 2500000000, -1),
                    *uncounted = node("a", 1, -1, -1);

        assert_int_equal(usage_cpu_permille(a, b, USEC_PER_SEC), 1500);
        assert_int_equal(usage_cpu_permille(a, a, USEC_PER_SEC), 0);
        assert_int_equal(usage_cpu_permille(a, other, USEC_PER_SEC), -1);
        assert_int_equal(usage_cpu_permille(b, a, USEC_PER_SEC), -1);
        assert_int_equal(usage_cpu_permille(a, uncounted, USEC_PER_SEC), -1);
        assert_int_equal(usage_cpu_permille(NULL, a, USEC_PER_SEC), -1);
        assert_int_equal(usage_cpu_permille(a, b, 0), -1);
}

static void expect_order(const json_t* nodes, TopOrder order, const char* expected) {
        json_auto_t* sorted = usage_sort(nodes, order);
        _cleanup_strv_free_ char** names = NULL;
        _cleanup_free_ char* text = NULL;
        json_t* status;
        size_t i;

        json_array_foreach(sorted, i, status)
                strv_extend(&names, status_text(status, "name"));
        text = strv_join(names, " ");
        assert_string_equal(text, expected);
}

static void the_greediest_are_first_and_equals_stay(void** state) {
        json_auto_t* before = json_pack("[o, o, o]", node("a", 1, 0, 5), node("b", 2, 0, 7), node("c", 3, 0, 5));
        json_auto_t* now = json_pack("[o, o, o, o]", node("a", 1, 0, 5), node("b", 2, 100000000, 7), node("c", 3, 200000000, 5),
                                     node("d", 4, 900000000, -1));
        _cleanup_free_ char *summary = NULL, *percent = NULL, *unknown = NULL;

        usage_add_cpu(before, now, USEC_PER_SEC);
        expect_order(now, TOP_ORDER_CPU, "c b a d");
        expect_order(now, TOP_ORDER_MEMORY, "b a c d");
        expect_order(now, TOP_ORDER_NAME, "a b c d");

        summary = usage_summary(now);
        assert_string_equal(summary, "4 nodes, all running; CPU 30.0%, memory 17B");
        percent = usage_percent(json_array_get(now, 2));
        assert_string_equal(percent, "20.0%");
        unknown = usage_percent(json_array_get(now, 3));
        assert_null(unknown);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cpu_is_what_was_used_between_two_looks),
                cmocka_unit_test(the_greediest_are_first_and_equals_stay),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
