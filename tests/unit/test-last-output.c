/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "output/last-output.h"
#include "unit/unit.h"
#include "util/strv.h"

static void nothing_costs_nothing(void** state) {
        LastOutput last = {};
        _cleanup_strv_free_ char** lines = last_output_lines(&last);

        assert_int_equal(strv_length(lines), 0);
        assert_null(last.ring);
        last_output_done(&last);
}

static void the_last_fifty_of_both_streams_stay_in_order(void** state) {
        LastOutput last = {};

        for (int i = 0; i < 1000; i++) {
                char line[32];

                last_output_add(&last, i % 3 == 0 ? STREAM_STDERR : STREAM_STDOUT, line,
                                (size_t) snprintf(line, sizeof line, "line %d", i));
        }
        _cleanup_strv_free_ char** lines = last_output_lines(&last);
        _cleanup_strv_free_ char** errors = last_output_lines_of(&last, STREAM_STDERR);

        assert_int_equal(strv_length(lines), LAST_OUTPUT_LINES_MAX);
        for (int i = 0; i < 50; i++) {
                char line[32];

                (void) snprintf(line, sizeof line, "line %d", 950 + i);
                assert_string_equal(lines[i], line);
        }
        assert_int_equal(strv_length(errors), 17);
        assert_string_equal(errors[0], "line 951");
        assert_string_equal(errors[16], "line 999");
        assert_true(last.allocated <= 1024);
        last_output_done(&last);
}

static void long_lines_are_cut_and_memory_is_bounded(void** state) {
        LastOutput last = {};
        char line[5000];

        memset(line, 'y', sizeof line);
        for (int i = 0; i < 300; i++)
                last_output_add(&last, STREAM_STDOUT, line, i % 2 == 0 ? sizeof line : (size_t) i);
        assert_true(last.allocated <= 26 * 1024);

        _cleanup_strv_free_ char** lines = last_output_lines(&last);
        assert_int_equal(strv_length(lines), 50);
        assert_int_equal(strlen(lines[48]), 512);
        assert_int_equal(strlen(lines[49]), 299);
        last_output_done(&last);
}

static void bytes_are_escaped_for_who_asks(void** state) {
        LastOutput last = {};
        char line[512];

        last_output_add(&last, STREAM_STDOUT, "a\0b\x1b\xff\xc3\xa4", 7);
        memset(line, 'x', sizeof line);
        memcpy(line + 509, "\xf0\x9f\x90", 3); /* a character torn at the limit */
        last_output_add(&last, STREAM_STDOUT, line, sizeof line);
        memset(line, 1, sizeof line);
        last_output_add(&last, STREAM_STDOUT, line, sizeof line);

        _cleanup_strv_free_ char** lines = last_output_lines(&last);
        assert_string_equal(lines[0], "a\\x00b\\x1b\\xff\xc3\xa4");
        assert_int_equal(strlen(lines[1]), 509);
        assert_int_equal(strlen(lines[2]), 512);
        last_output_done(&last);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_costs_nothing),
                cmocka_unit_test(the_last_fifty_of_both_streams_stay_in_order),
                cmocka_unit_test(long_lines_are_cut_and_memory_is_bounded),
                cmocka_unit_test(bytes_are_escaped_for_who_asks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
