/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "output/line-splitter.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define TEXT(s) (s), sizeof(s) - 1

static void assert_line(const Line* line, const void* data, size_t size, size_t taken) {
        assert_int_equal(line->size, size);
        assert_memory_equal(line->data, data, size);
        assert_int_equal(line->taken, taken);
}

static void lines_end_at_newlines_and_say_what_they_take(void** state) {
        LineSplitter s = { .line_max = 64 };
        const char window[] = "one\ntwo\nrest";
        Line line;

        assert_true(line_splitter_next(&s, TEXT("one\ntwo\nrest"), WINDOW_OPEN, &line));
        assert_line(&line, "one", 3, 4);
        assert_true(line.terminated);
        assert_int_equal(line.part, 0);
        assert_false(line.cut);
        line_splitter_commit(&s, &line);

        assert_true(line_splitter_next(&s, window + 4, 8, WINDOW_OPEN, &line));
        assert_line(&line, "two", 3, 4);
        assert_false(line_splitter_next(&s, window + 8, 4, WINDOW_OPEN, &line));
        assert_int_equal(line.taken, 0);
        assert_true(line_splitter_next(&s, window + 8, 4, WINDOW_LAST, &line));
        assert_line(&line, "rest", 4, 4);
        assert_false(line.terminated);
        assert_false(line_splitter_next(&s, "", 0, WINDOW_LAST, &line));
}

static void empty_lines_are_taken_and_are_nothing(void** state) {
        LineSplitter s = { .line_max = 64 };
        Line line;

        assert_true(line_splitter_next(&s, TEXT("\n\n\nx\n"), WINDOW_OPEN, &line));
        assert_line(&line, "x", 1, 5);
        assert_false(line_splitter_next(&s, TEXT("\n\n"), WINDOW_OPEN, &line));
        assert_int_equal(line.taken, 2);
        assert_false(line_splitter_next(&s, TEXT("\nabc"), WINDOW_OPEN, &line));
        assert_int_equal(line.taken, 1);
        assert_false(line_splitter_next(&s, TEXT("\n"), WINDOW_LAST, &line));
        assert_int_equal(line.taken, 1);
}

static void any_other_byte_is_the_lines_own(void** state) {
        LineSplitter s = { .line_max = 64 };
        Line line;

        assert_true(line_splitter_next(&s, TEXT("a\0b\r\n\xff\xfe\x1b[1m\n"), WINDOW_OPEN, &line));
        assert_line(&line, TEXT("a\0b\r"), 5);
        assert_true(line_splitter_next(&s, TEXT("\xff\xfe\x1b[1m\n"), WINDOW_OPEN, &line));
        assert_line(&line, TEXT("\xff\xfe\x1b[1m"), 7);
        assert_true(line_splitter_next(&s, TEXT("\0\n"), WINDOW_OPEN, &line));
        assert_line(&line, "", 1, 2);
}

static void a_line_of_the_largest_size_is_whole(void** state) {
        LineSplitter s = { .line_max = 64 };
        char window[65];
        Line line;

        memset(window, 'x', sizeof window);
        /* whether it is too long cannot be told yet */
        assert_false(line_splitter_next(&s, window, 64, WINDOW_OPEN, &line));
        window[64] = '\n';
        assert_true(line_splitter_next(&s, window, 65, WINDOW_OPEN, &line));
        assert_line(&line, window, 64, 65);
        assert_false(line.cut);
        assert_true(line_splitter_next(&s, window, 64, WINDOW_LAST, &line));
        assert_false(line.cut);
}

static void longer_lines_come_in_numbered_pieces(void** state) {
        LineSplitter s = { .line_max = 64 };
        char window[200];
        size_t at = 0;
        Line line;

        memset(window, 'x', sizeof window);
        window[150] = '\n';
        for (unsigned part = 1; part <= 3; part++) {
                assert_true(line_splitter_next(&s, window + at, sizeof window - at, WINDOW_OPEN, &line));
                assert_int_equal(line.part, part);
                assert_int_equal(line.cut, part < 3);
                assert_int_equal(line.size, part < 3 ? 64 : 22);
                line_splitter_commit(&s, &line);
                at += line.taken;
        }
        assert_int_equal(at, 151);
        assert_int_equal(s.part, 0);
        assert_true(line_splitter_next(&s, window + at, 49, WINDOW_LAST, &line));
        assert_int_equal(line.part, 0);
}

static void what_is_not_committed_is_found_again(void** state) {
        LineSplitter s = { .line_max = 64 };
        char window[100];
        Line first, second;

        memset(window, 'x', sizeof window);
        assert_true(line_splitter_next(&s, window, sizeof window, WINDOW_OPEN, &first));
        assert_true(line_splitter_next(&s, window, sizeof window, WINDOW_OPEN, &second));
        assert_int_equal(second.part, 1);
        assert_ptr_equal(first.data, second.data);
}

static void a_stuck_window_gives_a_piece_and_keeps_a_byte(void** state) {
        LineSplitter s = { .line_max = 64 };
        Line line;

        assert_true(line_splitter_next(&s, TEXT("abcd"), WINDOW_STUCK, &line));
        assert_line(&line, "abc", 3, 3);
        assert_true(line.cut);
        assert_int_equal(line.part, 1);
        line_splitter_commit(&s, &line);
        assert_true(line_splitter_next(&s, TEXT("d\n"), WINDOW_OPEN, &line));
        assert_line(&line, "d", 1, 2);
        assert_int_equal(line.part, 2);
        assert_false(line.cut);

        s = (LineSplitter) { .line_max = 64 };
        assert_true(line_splitter_next(&s, TEXT("a"), WINDOW_STUCK, &line));
        assert_line(&line, "a", 1, 1);
        line_splitter_commit(&s, &line);
        /* then the newline only ends what was cut */
        assert_true(line_splitter_next(&s, TEXT("\nnext\n"), WINDOW_OPEN, &line));
        assert_line(&line, "next", 4, 6);
        assert_int_equal(line.part, 0);
}

static void characters_are_not_torn(void** state) {
        LineSplitter s = { .line_max = 64 };
        char window[128];
        Line line;

        for (size_t lead = 61; lead < 64; lead++) {
                memset(window, 'x', sizeof window);
                memcpy(window + lead, "\xf0\x9f\x90\xa6", 4);
                assert_true(line_splitter_next(&s, window, sizeof window, WINDOW_OPEN, &line));
                assert_int_equal(line.size, lead);
        }

        memset(window, 'x', sizeof window);
        memcpy(window + 60, "\xf0\x9f\x90\xa6", 4);
        assert_true(line_splitter_next(&s, window, sizeof window, WINDOW_OPEN, &line));
        assert_int_equal(line.size, 64);

        /* what is no character anyway */
        memset(window, 0x80, sizeof window);
        assert_true(line_splitter_next(&s, window, sizeof window, WINDOW_OPEN, &line));
        assert_int_equal(line.size, 64);
        window[63] = '\xf0';
        assert_true(line_splitter_next(&s, window, 65, WINDOW_OPEN, &line));
        assert_int_equal(line.size, 64);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_end_at_newlines_and_say_what_they_take),
                cmocka_unit_test(empty_lines_are_taken_and_are_nothing),
                cmocka_unit_test(any_other_byte_is_the_lines_own),
                cmocka_unit_test(a_line_of_the_largest_size_is_whole),
                cmocka_unit_test(longer_lines_come_in_numbered_pieces),
                cmocka_unit_test(what_is_not_committed_is_found_again),
                cmocka_unit_test(a_stuck_window_gives_a_piece_and_keeps_a_byte),
                cmocka_unit_test(characters_are_not_torn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
