/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "output/program-protocol.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define P PROGRAM_ANSWER_PASS
#define B PROGRAM_ANSWER_BREAK
#define G PROGRAM_ANSWER_GARBAGE
#define N PROGRAM_ANSWER_NONE

static void assert_question(const char* node, Stream stream, const char* line, size_t size, const char* expected,
                            size_t expected_size) {
        size_t written = program_question_size(node, stream, size);
        char* text = xcalloc(written + 1, 1);

        assert_int_equal(written, expected_size);
        text[written] = '#';
        program_question_write(text, node, stream, line, size);
        assert_memory_equal(text, expected, expected_size);
        assert_int_equal(text[written], '#');
        free(text);
}

static void a_question_is_one_line_whatever_bytes_are_in_it(void** state) {
        assert_question("worker-1", STREAM_STDOUT, "hello", 5, "worker-1\tstdout\thello\n", 22);
        assert_question("m", STREAM_STDERR, "a\tb\0\r\xff", 6, "m\tstderr\ta\tb\0\r\xff\n", 16);
        assert_question("m", STREAM_STDERR, NULL, 0, "m\tstderr\t\n", 10);
}

/* All answers in the data, which comes in pieces of this size. */
static void assert_answers(const char* data, size_t size, size_t piece, const ProgramAnswer* expected) {
        AnswerReader reader = {};
        size_t at = 0;

        for (; *expected != N; expected++) {
                ProgramAnswer answer;
                size_t taken;

                do {
                        answer = answer_reader_next(&reader, data + at, min_size(piece, size - at), &taken);
                        at += taken;
                } while (answer == N && at < size);
                assert_int_equal(answer, *expected);
        }
}

static void answers_are_told_from_garbage(void** state) {
        static const struct {
                const char* data;
                ProgramAnswer answers[4];
        } cases[] = {
                { "pass\n", { P } },
                { "break\n", { B } },
                { "pass\nbreak\npass\n", { P, B, P } },
                { "pass\npassed\n", { P, G, G } },
                { "", { N } },
                { "\n", { G } },
                { "pass \n", { G } },
                { " pass\n", { G } },
                { "pass\r\n", { G } },
                { "Pass\n", { G } },
                { "brake\n", { G } },
                { "pbreak\n", { G } },
                { "break\n\npass\n", { B, G, G } },
                { "\377\376\n", { G } },
                { "pass\nno end of this line", { P, G } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t piece = 1; piece < 20; piece++)
                        assert_answers(cases[i].data, strlen(cases[i].data), piece, cases[i].answers);
        assert_answers("pa\0ss\n", 6, 6, (ProgramAnswer[]) { G, N });
}

static void the_beginning_of_an_answer_is_none(void** state) {
        AnswerReader reader = {};
        size_t taken;

        assert_int_equal(answer_reader_next(&reader, "bre", 3, &taken), N);
        assert_int_equal(taken, 3);
        assert_int_equal(answer_reader_next(&reader, NULL, 0, &taken), N);
        assert_int_equal(taken, 0);
        assert_int_equal(answer_reader_next(&reader, "ak\npa", 5, &taken), B);
        assert_int_equal(taken, 3);
}

static void after_garbage_there_are_no_answers(void** state) {
        AnswerReader reader = {};
        size_t taken;

        assert_int_equal(answer_reader_next(&reader, "pass?\npass\n", 11, &taken), G);
        assert_int_equal(taken, 4);
        assert_int_equal(answer_reader_next(&reader, "pass\n", 5, &taken), G);
        assert_int_equal(taken, 0);
}

static void garbage_is_shown_from_the_beginning_of_its_line(void** state) {
        static const struct {
                const char* data;
                size_t first; /* bytes that come alone */
                const char* quote;
        } cases[] = {
                { "yes\npass\n", 0, "yes" },
                { "passed\n", 0, "passed" },
                { "passed\n", 3, "passed" },
                { "break!", 5, "break!" },
                { "\n", 0, "" },
                { "\033[2J\377", 0, "\\x1b[2J\\xff" },
                { "x123456789012345678901234567890123456789012345678901234567890", 0,
                  "x123456789012345678901234567890123456789" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                AnswerReader reader = {};
                const char* rest = cases[i].data + cases[i].first;
                size_t taken;

                assert_int_equal(answer_reader_next(&reader, cases[i].data, cases[i].first, &taken), N);
                assert_int_equal(answer_reader_next(&reader, rest, strlen(rest), &taken), G);

                _cleanup_free_ char* quote = answer_reader_quote(&reader, rest + taken, strlen(rest) - taken);
                assert_string_equal(quote, cases[i].quote);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_question_is_one_line_whatever_bytes_are_in_it),
                cmocka_unit_test(answers_are_told_from_garbage),
                cmocka_unit_test(the_beginning_of_an_answer_is_none),
                cmocka_unit_test(after_garbage_there_are_no_answers),
                cmocka_unit_test(garbage_is_shown_from_the_beginning_of_its_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
