/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <string.h>

#include "core/exit-reason.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void clean_ends_are_those_of_systemd(void** state) {
        static const struct {
                ExitReason reason;
                bool clean;
        } cases[] = {
                { { CLD_EXITED, 0 }, true },       { { CLD_EXITED, 1 }, false },     { { CLD_EXITED, SIGTERM }, false },
                { { CLD_KILLED, SIGHUP }, true },  { { CLD_KILLED, SIGINT }, true }, { { CLD_KILLED, SIGTERM }, true },
                { { CLD_KILLED, SIGPIPE }, true }, { { CLD_KILLED, SIGKILL }, false }, { { CLD_KILLED, SIGSEGV }, false },
                { { CLD_KILLED, 0 }, false },      { { CLD_DUMPED, SIGTERM }, false }, { { CLD_DUMPED, SIGABRT }, false },
                { { 0, 0 }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(exit_reason_is_clean(&cases[i].reason), cases[i].clean);
}

static void a_set_holds_exactly_what_was_added(void** state) {
        static const unsigned statuses[] = { 0, 1, 63, 64, 127, 128, 191, 192, 255 };
        static const unsigned signals[] = { 1, 9, 31, 63, 64 };
        ExitReasonSet set = {};

        for (unsigned n = 0; n < 256; n++)
                assert_false(exit_reason_set_contains(&set, &(ExitReason) { CLD_EXITED, (int) n }));

        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                exit_reason_set_add_status(&set, statuses[i]);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                exit_reason_set_add_signal(&set, signals[i]);

        for (unsigned n = 0; n < 256; n++) {
                bool status_added = false, signal_added = false;

                for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                        status_added = status_added || statuses[i] == n;
                for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                        signal_added = signal_added || signals[i] == n;

                assert_int_equal(exit_reason_set_contains(&set, &(ExitReason) { CLD_EXITED, (int) n }), status_added);
                assert_int_equal(exit_reason_set_contains(&set, &(ExitReason) { CLD_KILLED, (int) n }), signal_added);
                assert_int_equal(exit_reason_set_contains(&set, &(ExitReason) { CLD_DUMPED, (int) n }), signal_added);
        }
}

static void what_is_not_known_is_in_no_set(void** state) {
        static const ExitReason reasons[] = {
                { 0, 0 }, { CLD_EXITED, -1 }, { CLD_EXITED, 256 }, { CLD_KILLED, -1 }, { CLD_KILLED, 128 },
        };
        ExitReasonSet everything;

        memset(&everything, 0xff, sizeof everything);
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
                assert_false(exit_reason_set_contains(&everything, &reasons[i]));
}

static void an_end_is_described_in_words(void** state) {
        static const struct {
                ExitReason reason;
                const char* words;
        } cases[] = {
                { { CLD_EXITED, 0 }, "exited with status 0" },
                { { CLD_EXITED, 255 }, "exited with status 255" },
                { { CLD_KILLED, SIGKILL }, "was killed by signal SIGKILL" },
                { { CLD_DUMPED, SIGSEGV }, "was killed by signal SIGSEGV and dumped core" },
                /* real-time signals have no names */
                { { CLD_KILLED, 40 }, "was killed by signal 40" },
                { { 0, 0 }, "ended, it is not known how" },
                { { CLD_KILLED, SIGKILL, true }, "was killed by signal SIGKILL because memory ran out" },
                { { 0, 0, true }, "was killed because memory ran out" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* words = exit_reason_describe(&cases[i].reason);

                assert_string_equal(words, cases[i].words);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(clean_ends_are_those_of_systemd),
                cmocka_unit_test(a_set_holds_exactly_what_was_added),
                cmocka_unit_test(what_is_not_known_is_in_no_set),
                cmocka_unit_test(an_end_is_described_in_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
