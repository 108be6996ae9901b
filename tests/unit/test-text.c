/* SPDX-License-Identifier: BSD-3-Clause */
#include <locale.h>
#include <string.h>

#include "ctl/text.h"
#include "unit/unit.h"

static void expect(char* text, const char* expected) {
        assert_string_equal(text, expected);
        free(text);
}

static void nothing_reaches_a_terminal_that_moves_its_cursor(void** state) {
        expect(text_clean("\x1b[2Jx\x07"), "\\x1b[2Jx\\x07");
        expect(text_clean("a\nb\rc\td"), "a\\x0ab\\x0dc d");
        expect(text_clean("\xc2\x9b" "31m"), "\\xc2\\x9b31m"); /* CSI as one character */
        expect(text_clean("\xff\xc3("), "\\xff\\xc3(");
        expect(text_clean("grün …"), "grün …");
}

static void endless_texts_end(void** state) {
        _cleanup_free_ char *endless = xcalloc(TEXT_BYTES_MAX * 2 + 1, 1), *clean = NULL;

        memset(endless, 'x', TEXT_BYTES_MAX * 2);
        clean = text_clean(endless);
        assert_int_equal(strlen(clean), TEXT_BYTES_MAX);
}

static void width_is_counted_in_columns(void** state) {
        assert_int_equal(text_width(""), 0);
        assert_int_equal(text_width("abc"), 3);
        assert_int_equal(text_width("grün"), 4);
        assert_int_equal(text_width("日本"), 4);
        assert_int_equal(text_width("e\xcc\x81"), 1); /* a combining accent */
}

static void what_does_not_fit_ends_in_an_ellipsis(void** state) {
        expect(text_ellipsize("worker-1", 8, true), "worker-1");
        expect(text_ellipsize("worker-1", 7, true), "worker…");
        expect(text_ellipsize("worker-1", 7, false), "work...");
        expect(text_ellipsize("日本語", 5, true), "日本…");
        expect(text_ellipsize("日本語", 4, true), "日…");
        expect(text_ellipsize("worker", 1, true), "…");
        expect(text_ellipsize("worker", 2, false), "wo");
        expect(text_ellipsize("worker", 0, true), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_reaches_a_terminal_that_moves_its_cursor),
                cmocka_unit_test(endless_texts_end),
                cmocka_unit_test(width_is_counted_in_columns),
                cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
        };

        (void) setlocale(LC_ALL, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
