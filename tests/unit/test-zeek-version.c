/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/unit.h"
#include "util/alloc.h"
#include "zeek/version.h"

static void versions_are_read_from_what_zeek_prints(void** state) {
        static const struct {
                const char *output, *expected;
        } table[] = {
                { "zeek version 7.0.11\n", "7.0.11" },
                { "zeek version 7.0.11", "7.0.11" },
                { "/opt/zeek/bin/zeek version 8.1.0-dev.733\n", "8.1.0" },
                { "zeek version 4.0.9-rc1-debug\n", "4.0.9" },
                { "zeek version 6.2\n", "6.2.0" },
                { "zeek version 6.2-dev\n", "6.2.0" },
                { "zeek version 9.0.0 \r\n", "9.0.0" },
                { "zeek version 10.12.100\n", "10.12.100" },
                { "warning: something is odd\nzeek version 7.1.1\n", "7.1.1" },
                { "", "unknown" },
                { "\n\n", "unknown" },
                { "zeek version\n", "unknown" },
                { "zeek version 7\n", "unknown" },
                { "zeek version seven.0\n", "unknown" },
                { "zeek version 7.0.11 and more\n", "unknown" },
                { "version 7.0.11\n", "unknown" },
                { "zeek 7.0.11\n", "unknown" },
                { "bro version 2.6.4\n", "unknown" },
                { "zeek version 99999999999.0\n", "unknown" },
                { "zeek version 7.99999999999\n", "unknown" },
                { "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n", "unknown" },
                { "Python 3.11.2\n", "unknown" },
                { "nginx version: nginx/1.22.1\n", "unknown" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* text = zeek_version_to_string(zeek_version_parse(table[i].output));

                assert_string_equal(text, table[i].expected);
        }
}

static void versions_compare_by_series(void** state) {
        ZeekVersion version = zeek_version_parse("zeek version 7.1.0\n");

        assert_true(zeek_version_at_least(version, 6, 2));
        assert_true(zeek_version_at_least(version, 7, 0));
        assert_true(zeek_version_at_least(version, 7, 1));
        assert_false(zeek_version_at_least(version, 7, 2));
        assert_false(zeek_version_at_least(version, 8, 0));
}

static void a_version_that_is_not_known_is_at_least_nothing(void** state) {
        assert_false(zeek_version_at_least(zeek_version_parse("hello\n"), 0, 0));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(versions_are_read_from_what_zeek_prints),
                cmocka_unit_test(versions_compare_by_series),
                cmocka_unit_test(a_version_that_is_not_known_is_at_least_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
