/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/verdict.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void every_verdict_has_a_word_that_means_it(void** state) {
        static const struct {
                int verdict;
                const char* word;
        } cases[] = {
                { VERDICT_ALLOW, "allow" }, { VERDICT_KILL, "kill" },        { VERDICT_LOG, "log" },
                { EPERM, "EPERM" },         { EAFNOSUPPORT, "EAFNOSUPPORT" }, { 4095, "4095" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* word = verdict_to_string(cases[i].verdict);
                int verdict = 42;

                assert_string_equal(word, cases[i].word);
                assert_int_equal(verdict_from_string(word, &verdict), 0);
                assert_int_equal(verdict, cases[i].verdict);
        }
}

static void what_is_no_verdict_is_refused(void** state) {
        static const char* const words[] = { "", "EWHAT", "eperm", "0", "-1", "4096", "1x", "KILL", "EPERM " };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                int verdict = 42;

                if (verdict_from_string(words[i], &verdict) != -EINVAL || verdict != 42)
                        fail_msg("'%s'", words[i]);
        }
        assert_true(verdict_is_valid(VERDICT_LOG) && verdict_is_valid(4095));
        assert_false(verdict_is_valid(-3) || verdict_is_valid(4096));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_verdict_has_a_word_that_means_it),
                cmocka_unit_test(what_is_no_verdict_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
