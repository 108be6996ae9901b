/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "stem/order.h"
#include "stem/report-text.h"
#include "unit/unit.h"
#include "util/strv.h"

static LaunchOrder* new_order(void) {
        LaunchOrder* order = launch_order_new();

        strv_extend(&order->arguments, "/opt/zeek/bin/zeek");
        order->working_directory = xstrdup("/var/lib/x");
        order->error_file = xstrdup("stderr.log");
        order->output_file = xstrdup("stdout.log");
        order->uid = 7;
        order->gid = 8;
        order->nice = -5;
        order->limits[0] = (OrderLimit) { .name = "NOFILE" };
        order->n_limits = 1;
        return order;
}

static void a_step_names_its_object(void** state) {
        static const struct {
                ChildReport report;
                const char* expected;
        } cases[] = {
                { { CHILD_EXECUTE, ENOENT, 0 }, "execute /opt/zeek/bin/zeek: No such file or directory" },
                { { CHILD_ERROR_FILE, EACCES, 0 }, "open standard error file stderr.log: Permission denied" },
                { { CHILD_OUTPUT_FILE, CHILD_ERROR_NOT_REGULAR, 0 },
                  "open standard output file stdout.log: Not a regular file" },
                { { CHILD_DIRECTORY_MAKE, EROFS, 0 }, "create working directory /var/lib/x: Read-only file system" },
                { { CHILD_USER, EPERM, 0 }, "change to user 7: Operation not permitted" },
                { { CHILD_GROUP, EPERM, 0 }, "change to group 8: Operation not permitted" },
                { { CHILD_NICE, EACCES, 0 }, "set nice level -5: Permission denied" },
                { { CHILD_LIMIT, EPERM, 0 }, "set resource limit NOFILE: Operation not permitted" },
                { { CHILD_AMBIENT, EPERM, 13 }, "raise ambient capability 13: Operation not permitted" },
        };
        _cleanup_launch_order_ LaunchOrder* order = new_order();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* text = child_report_describe_error(&cases[i].report, order);

                assert_string_equal(text, cases[i].expected);
        }
}

static void every_step_has_words(void** state) {
        _cleanup_launch_order_ LaunchOrder* order = new_order();

        for (int step = 0; step < _CHILD_STEP_MAX; step++) {
                _cleanup_free_ char* text = child_report_describe(&(ChildReport) { .step = step }, order);

                assert_true(strlen(text) > 3);
                assert_null(strstr(text, "null"));
        }
}

/* The child is ours, but what it runs as is the node's user: its word is not trusted with our memory. */
static void a_senseless_report_does_no_harm(void** state) {
        static const ChildReport reports[] = {
                { _CHILD_STEP_INVALID, 0, 0 }, { _CHILD_STEP_MAX, 0, 0 },       { INT32_MIN, INT32_MIN, UINT32_MAX },
                { INT32_MAX, INT32_MAX, 0 },   { CHILD_LIMIT, EPERM, UINT32_MAX },
        };
        _cleanup_launch_order_ LaunchOrder* order = new_order();

        for (size_t i = 0; i < ELEMENTSOF(reports); i++) {
                _cleanup_free_ char* text = child_report_describe_error(&reports[i], order);

                assert_non_null(text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_step_names_its_object),
                cmocka_unit_test(every_step_has_words),
                cmocka_unit_test(a_senseless_report_does_no_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
