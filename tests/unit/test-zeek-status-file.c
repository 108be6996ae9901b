/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/unit.h"
#include "zeek/status-file.h"

static void each_word_is_a_status(void** state) {
        static const struct {
                const char* text;
                ZeekStatus expected;
        } table[] = {
                { "INITIALIZING [main]\n", ZEEK_STATUS_INITIALIZING },
                { "RUNNING [run_loop]\n", ZEEK_STATUS_RUNNING },
                { "TERMINATING [cleanup_and_exit]\n", ZEEK_STATUS_TERMINATING },
                { "TERMINATED [atexit]\n", ZEEK_STATUS_TERMINATED },
                { "TERMINATED [fatal_error]\n", ZEEK_STATUS_TERMINATED },
                { "RUNNING", ZEEK_STATUS_RUNNING },
                { "RUNNING\n", ZEEK_STATUS_RUNNING },
                { "", _ZEEK_STATUS_INVALID },
                { "RUNN", _ZEEK_STATUS_INVALID },
                { "RUNNINGS [x]\n", _ZEEK_STATUS_INVALID },
                { " RUNNING [x]\n", _ZEEK_STATUS_INVALID },
                { "running [x]\n", _ZEEK_STATUS_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(zeek_status_parse(table[i].text, strlen(table[i].text)), table[i].expected);
}

static void only_the_given_bytes_are_looked_at(void** state) {
        assert_int_equal(zeek_status_parse("RUNNING", 6), _ZEEK_STATUS_INVALID);
}

static void words_convert_both_ways(void** state) {
        for (ZeekStatus status = 0; status < _ZEEK_STATUS_MAX; status++)
                assert_int_equal(zeek_status_from_string(zeek_status_to_string(status)), status);
}

static void only_an_end_of_the_program_is_a_good_one(void** state) {
        static const struct {
                const char* text;
                bool good;
        } cases[] = {
                { "TERMINATED [atexit]\n", true },         { "TERMINATED [atexit]", true },
                { "TERMINATED [fatal_error]\n", false },   { "TERMINATED [internal_error]\n", false },
                { "TERMINATING [terminate_zeek]\n", false }, { "TERMINATED\n", false },
                { "TERMINATED [atexi", false },            { "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(zeek_status_is_good_end(cases[i].text, strlen(cases[i].text)), cases[i].good);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_word_is_a_status),
                cmocka_unit_test(only_the_given_bytes_are_looked_at),
                cmocka_unit_test(words_convert_both_ways),
                cmocka_unit_test(only_an_end_of_the_program_is_a_good_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
