/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "unit/unit.h"
#include "util/alloc.h"
#include "util/escape.h"

static void unit_names_are_escaped_as_systemd_escape_does(void** state) {
        static const struct {
                const char* plain;
                const char* escaped;
        } cases[] = {
                { "", "" },
                { "worker", "worker" },
                { "worker-1", "worker\\x2d1" },
                { "a/b", "a-b" },
                { "/", "-" },
                { ".", "\\x2e" },
                { ".a.b", "\\x2ea.b" },
                { "a:b_c", "a:b_c" },
                { "a\\b", "a\\x5cb" },
                { "a b\n", "a\\x20b\\x0a" },
                { "\xc3\xb6", "\\xc3\\xb6" },
                { "@%\x01\x7f\xff", "\\x40\\x25\\x01\\x7f\\xff" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* escaped = unit_name_escape(cases[i].plain);

                assert_string_equal(escaped, cases[i].escaped);
        }
}

#define PLAIN(text) (text), sizeof(text) - 1

static void what_neither_bus_nor_terminal_can_hold_is_escaped(void** state) {
        static const struct {
                const char* bytes;
                size_t size;
                const char* escaped;
        } cases[] = {
                { PLAIN(""), "" },
                { PLAIN("plain text, with a\ttab"), "plain text, with a\ttab" },
                { PLAIN("a\nb\r\x1b[31m\x7f"), "a\\x0ab\\x0d\\x1b[31m\\x7f" },
                { PLAIN("nul \0 inside"), "nul \\x00 inside" },
                { PLAIN("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x9d"), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x9d" },
                { PLAIN("latin \xfc!"), "latin \\xfc!" },
                { PLAIN("cut \xe2\x82"), "cut \\xe2\\x82" },
                { PLAIN("overlong \xc0\xaf"), "overlong \\xc0\\xaf" },
                { PLAIN("surrogate \xed\xa0\x80"), "surrogate \\xed\\xa0\\x80" },
                /* C1: U+009B is CSI, with which terminals begin what ESC [ begins */
                { PLAIN("c1 \xc2\x9b" "31m \xc2\x80 \xc2\xa0"), "c1 \\xc2\\x9b31m \\xc2\\x80 \xc2\xa0" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* escaped = escape_bytes(cases[i].bytes, cases[i].size, 1000);

                assert_string_equal(escaped, cases[i].escaped);
                assert_true(utf8_is_valid(escaped));
        }
}

static void escaped_text_ends_before_its_limit_and_never_within_a_character(void** state) {
        static const struct {
                const char* bytes;
                size_t size, max;
                const char* escaped;
        } cases[] = {
                { PLAIN("abc"), 0, "" },       { PLAIN("abc"), 2, "ab" },
                { PLAIN("abc"), 3, "abc" },    { PLAIN("a\n"), 4, "a" },
                { PLAIN("a\n"), 5, "a\\x0a" }, { PLAIN("a\xe2\x82\xac"), 3, "a" },
                { PLAIN("a\xe2\x82\xac"), 4, "a\xe2\x82\xac" },
                /* what fits behind what does not is not drawn forward */
                { PLAIN("a\nb"), 4, "a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* escaped = escape_bytes(cases[i].bytes, cases[i].size, cases[i].max);

                assert_string_equal(escaped, cases[i].escaped);
        }
}

static void any_bytes_at_all_become_valid_text(void** state) {
        for (unsigned first = 0; first < 256; first++)
                for (unsigned second = 0; second < 256; second++) {
                        const unsigned char bytes[] = { (unsigned char) first, (unsigned char) second, 0x80 };
                        _cleanup_free_ char* escaped = escape_bytes(bytes, sizeof bytes, 12);

                        assert_true(utf8_is_valid(escaped));
                        assert_true(strlen(escaped) <= 12 && strlen(escaped) >= sizeof bytes);
                }
}

static void sequences_are_as_long_as_unicode_says(void** state) {
        static const struct {
                const char* bytes;
                size_t size, length;
        } cases[] = {
                { PLAIN(""), 0 },
                { PLAIN("\0"), 1 },
                { PLAIN("\x7f"), 1 },
                { PLAIN("\x80"), 0 },
                { PLAIN("\xbf"), 0 },
                { PLAIN("\xc1\xbf"), 0 },
                { PLAIN("\xc2\x80"), 2 },
                { PLAIN("\xdf\xbf"), 2 },
                { PLAIN("\xdf"), 0 },
                { PLAIN("\xdf\x7f"), 0 },
                { PLAIN("\xe0\x9f\xbf"), 0 },
                { PLAIN("\xe0\xa0\x80"), 3 },
                { PLAIN("\xed\x9f\xbf"), 3 },
                { PLAIN("\xed\xa0\x80"), 0 },
                { PLAIN("\xed\xbf\xbf"), 0 },
                { PLAIN("\xee\x80\x80"), 3 },
                { PLAIN("\xef\xbf\xbf"), 3 },
                { PLAIN("\xf0\x8f\xbf\xbf"), 0 },
                { PLAIN("\xf0\x90\x80\x80"), 4 },
                { PLAIN("\xf4\x8f\xbf\xbf"), 4 },
                { PLAIN("\xf4\x90\x80\x80"), 0 },
                { PLAIN("\xf5\x80\x80\x80"), 0 },
                { PLAIN("\xf8\x88\x80\x80\x80"), 0 },
                { PLAIN("\xff"), 0 },
                { PLAIN("abc"), 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                /* on the heap and no longer than said, so that ASan sees a look beyond */
                _cleanup_free_ void* bytes = xmemdup(cases[i].bytes, cases[i].size);

                assert_int_equal(utf8_sequence_length(bytes, cases[i].size), cases[i].length);
        }
        assert_true(utf8_is_valid(""));
        assert_true(utf8_is_valid("gr\xc3\xbc\xc3\x9f"));
        assert_false(utf8_is_valid("gr\xfc"));
        assert_false(utf8_is_valid("end \xc3"));
}

static void control_characters_are_found(void** state) {
        static const char* const good[] = { "", "text", "gr\xc3\xbc\xc3\x9f", " ~", "\xc2\xa0" };
        static const char* const bad[] = { "\n", "a\tb", "a\r", "\x1b[m", "\x01", "\x1f", "a\x7f", "\xc2\x80", "a\xc2\x9b" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(string_has_no_control(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(string_has_no_control(bad[i]));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(unit_names_are_escaped_as_systemd_escape_does),
                cmocka_unit_test(what_neither_bus_nor_terminal_can_hold_is_escaped),
                cmocka_unit_test(escaped_text_ends_before_its_limit_and_never_within_a_character),
                cmocka_unit_test(any_bytes_at_all_become_valid_text),
                cmocka_unit_test(sequences_are_as_long_as_unicode_says),
                cmocka_unit_test(control_characters_are_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
