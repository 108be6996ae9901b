/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/word-list.h"
#include "unit/unit.h"
#include "util/strv.h"

/* The words with '|' behind each. */
static char* render(const char* text) {
        _cleanup_strv_free_ char** words = NULL;
        _cleanup_free_ char* joined = NULL;

        assert_int_equal(word_list_split(text, &words), 0);
        joined = strv_join(words, "|");
        return xasprintf("%s%s", joined, words[0] ? "|" : "");
}

static void words_are_quoted_as_systemd_quotes_them(void** state) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                { "", "" },
                { " \t ", "" },
                { "one two\tthree", "one|two|three|" },
                { "\"VAR1=word1 word2\" VAR2=word3 \"VAR3=$word 5 6\"", "VAR1=word1 word2|VAR2=word3|VAR3=$word 5 6|" },
                { "'it is \"so\"' \"isn't it\"", "it is \"so\"|isn't it|" },
                { "A=\"b c\"'d e'f", "A=b cd ef|" },
                { "\"\" ''", "||" },
                { "a\\sb \\\"\\'\\\\", "a b|\"'\\|" },
                { "\\x41\\102\\u00e4\\U0001F43B", "AB\xc3\xa4\xf0\x9f\x90\xbb|" },
                { "\\xc3\\xa4", "\xc3\xa4|" },
                { "a#b;c", "a#b;c|" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char* rendered = render(table[i].text);

                assert_string_equal(rendered, table[i].expected);
        }
}

static void what_is_not_quoted_right_is_refused(void** state) {
        static const char* const bad[] = {
                "\"open",  "'open",  "a\"b",     "end\\",      "\\q",           "\\x4",       "\\xzz",
                "\\0",     "\\000",  "\\x00",    "\\400",      "\\u00",         "\\u0000",    "\\U00110000",
                "\\xff",   "\\ud800", "a\\ b",   "\\U0000000", "\\x",
        };
        char** untouched = NULL;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(word_list_split(bad[i], &untouched), -EINVAL);
                assert_null(untouched);
        }
}

static void a_list_has_a_limit(void** state) {
        _cleanup_free_ char* text = xcalloc(2 * (WORD_LIST_MAX + 1) + 1, 1);
        _cleanup_strv_free_ char** words = NULL;

        for (size_t i = 0; i <= WORD_LIST_MAX; i++) {
                text[2 * i] = 'w';
                text[2 * i + 1] = ' ';
        }
        assert_int_equal(word_list_split(text, &words), -E2BIG);
        assert_int_equal(word_list_split(text + 2, &words), 0);
        assert_int_equal(strv_length(words), WORD_LIST_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_are_quoted_as_systemd_quotes_them),
                cmocka_unit_test(what_is_not_quoted_right_is_refused),
                cmocka_unit_test(a_list_has_a_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
