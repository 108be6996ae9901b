/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/host-answer.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void answers_survive_the_way_through_text(void** state) {
        static const char text[] = "ours 127.0.0.1\nother fd00::2\nunknown Name or service not known\n";
        HostAnswer* answers;

        assert_int_equal(host_answers_parse(text, 3, &answers), 0);
        assert_string_equal(answers[0].address, "127.0.0.1");
        assert_true(answers[0].ours);
        assert_string_equal(answers[1].address, "fd00::2");
        assert_false(answers[1].ours);
        assert_null(answers[2].address);
        assert_string_equal(answers[2].problem, "Name or service not known");

        _cleanup_free_ char *first = host_answer_to_string(&answers[0]), *second = host_answer_to_string(&answers[1]);
        _cleanup_free_ char *third = host_answer_to_string(&answers[2]);
        _cleanup_free_ char* again = xasprintf("%s\n%s\n%s\n", first, second, third);
        assert_string_equal(again, text);
        host_answers_free(answers, 3);
}

static void what_is_no_answer_is_refused(void** state) {
        static const char* const cases[] = {
                "", "ours 127.0.0.1", "ours 127.0.0.1\nours 127.0.0.1\n", "ours localhost\n", "ours \n", "ours\n", "127.0.0.1\n",
                "other fe80::1%eth0\n", "unknown \x1b[0m\n", "OURS 127.0.0.1\n", "\n",
                "unknown 0123456789012345678901234567890123456789012345678901234567890123\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HostAnswer* answers = NULL;

                if (host_answers_parse(cases[i], 1, &answers) != -EBADMSG)
                        fail_msg("'%s' was taken", cases[i]);
        }
}

/* What needs no name server. */
static void this_machine_is_found(void** state) {
        static const char* const names[] = { "127.0.0.1", "localhost", "127.0.1.1", "::1", "203.0.113.7", "2001:db8::7", "not a name" };
        HostAnswer* answers = host_answers_look_up((char* const*) names, ELEMENTSOF(names));

        for (size_t i = 0; i < 4; i++) {
                assert_true(answers[i].ours);
                assert_non_null(answers[i].address);
        }
        assert_string_equal(answers[2].address, "127.0.1.1");
        assert_string_equal(answers[4].address, "203.0.113.7");
        assert_string_equal(answers[5].address, "2001:db8::7");
        assert_false(answers[4].ours || answers[5].ours);
        assert_null(answers[6].address);
        assert_non_null(answers[6].problem);
        host_answers_free(answers, ELEMENTSOF(names));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_survive_the_way_through_text),
                cmocka_unit_test(what_is_no_answer_is_refused),
                cmocka_unit_test(this_machine_is_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
