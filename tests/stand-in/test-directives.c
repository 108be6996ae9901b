/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <string.h>

#include "stand-in/directives.h"
#include "unit/unit.h"
#include "util/macro.h"

static void steps_keep_their_order_and_the_rest_has_none(void** state) {
        static const char text[] = "rate=5,print=3,exit=7,esay=a\\,b\\\\c\\x41\\n,after=10,raw=00fF,print=endless";
        Directives d;

        assert_int_equal(directives_parse(&d, text), 0);
        assert_int_equal(d.n_steps, 4);
        assert_int_equal(d.steps[0].type, STEP_PRINT);
        assert_int_equal(d.steps[0].number, 3);
        assert_int_equal(d.steps[0].fd, 1);
        assert_int_equal(d.steps[1].type, STEP_SAY);
        assert_int_equal(d.steps[1].fd, 2);
        assert_string_equal(d.steps[1].text, "a,b\\cA\n");
        assert_int_equal(d.steps[2].size, 2);
        assert_memory_equal(d.steps[2].text, "\x00\xff", 2);
        assert_true(d.steps[3].number == ENDLESS);
        assert_int_equal(d.rate, 5);
        assert_int_equal(d.from, 1);
        assert_int_equal(d.end, END_EXIT);
        assert_int_equal(d.end_value, 7);
        assert_true(d.have_after);
        assert_int_equal(d.after_msec, 10);
        directives_done(&d);
}

static void a_command_is_all_that_follows(void** state) {
        Directives d;

        assert_int_equal(directives_parse(&d, "signal=SIGSEGV,exec=printf 'a\\n,b=c'; exit 3,abort"), 0);
        assert_int_equal(d.n_steps, 1);
        assert_string_equal(d.steps[0].text, "printf 'a\\n,b=c'; exit 3,abort");
        assert_int_equal(d.end, END_SIGNAL);
        assert_int_equal(d.end_value, SIGSEGV);
        directives_done(&d);
}

static void nothing_is_a_list_too(void** state) {
        static const char* const empty[] = { NULL, "", ",", ",,," };

        for (size_t i = 0; i < ELEMENTSOF(empty); i++) {
                Directives d;

                assert_int_equal(directives_parse(&d, empty[i]), 0);
                assert_int_equal(d.n_steps, 0);
                assert_int_equal(d.end, END_NONE);
                directives_done(&d);
        }
}

static void what_is_no_directive_is_refused(void** state) {
        static const char* const bad[] = {
                "nonsense",      "print",   "print=",    "print=x",    "print=-1",
                "print=1 ",      "Print=1", "show=1",    "exit=256",   "exit=1,exit=2",
                "exit=1,abort",  "signal=", "signal=0",  "signal=FOO", "signal=999",
                "raw=0",         "raw=0g",  "say=a\\q",  "say=a\\",    "say=\\x4",
                "probe=nothing", "call",    "memory=1X", "exec",       "status",
                "spin=x",        "say",     "print =1",  "=",          "print=18446744073709551616",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Directives d;

                if (directives_parse(&d, bad[i]) >= 0)
                        fail_msg("taken: %s", bad[i]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_keep_their_order_and_the_rest_has_none),
                cmocka_unit_test(a_command_is_all_that_follows),
                cmocka_unit_test(nothing_is_a_list_too),
                cmocka_unit_test(what_is_no_directive_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
