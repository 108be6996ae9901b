/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/ini.h"
#include "unit/scratch.h"

/* All items of the text, one a line: "2 [Section]", "3 key=value in [Section]", "4 !problem". */
static char* render(IniSyntax syntax, const char* text, size_t size) {
        _cleanup_ini_reader_ IniReader reader = {};
        char* rendered = NULL;
        size_t rendered_size;
        FILE* f = open_memstream(&rendered, &rendered_size);
        IniItem item;

        assert_non_null(f);
        assert_int_equal(ini_reader_init(&reader, syntax, text, size), 0);
        while (ini_reader_next(&reader, &item))
                switch (item.kind) {
                case INI_SECTION:
                        (void) fprintf(f, "%u [%s]\n", item.line, item.section);
                        break;
                case INI_ASSIGNMENT:
                        (void) fprintf(f, "%u %s=%s in [%s]\n", item.line, item.key, item.value, item.section);
                        break;
                case INI_PROBLEM:
                        (void) fprintf(f, "%u !%s, ignoring %s\n", item.line, item.problem, item.what_is_lost);
                        break;
                }
        assert_int_equal(fclose(f), 0);
        return rendered;
}

static void expect(const char* text, const char* expected) {
        _cleanup_free_ char* rendered = render(INI_SYNTAX_SYSTEMD, text, strlen(text));

        assert_string_equal(rendered, expected);
}

static void expect_of_python(const char* text, const char* expected) {
        _cleanup_free_ char* rendered = render(INI_SYNTAX_PYTHON, text, strlen(text));

        assert_string_equal(rendered, expected);
}

static void assignments_come_in_the_order_of_the_file(void** state) {
        expect("[A]\nx=1\nx=2\n[B]\ny=3\n[A]\nx=4\n",
               "1 [A]\n2 x=1 in [A]\n3 x=2 in [A]\n4 [B]\n5 y=3 in [B]\n6 [A]\n7 x=4 in [A]\n");
}

static void blanks_around_keys_and_values_do_not_count(void** state) {
        expect("  [A]  \n\t x \t= \t one  two \t\n", "1 [A]\n2 x=one  two in [A]\n");
}

static void a_value_may_be_empty_and_may_hold_what_it_likes(void** state) {
        expect("[A]\nx=\ny==#;[\"'\n", "1 [A]\n2 x= in [A]\n3 y==#;[\"' in [A]\n");
}

static void comments_are_whole_lines_that_begin_with_hash_or_semicolon(void** state) {
        expect("# one\n[A]\n  ; two=2\nx=1 # no comment\n\n   \n", "2 [A]\n4 x=1 # no comment in [A]\n");
}

static void a_backslash_at_the_end_joins_lines_with_a_blank(void** state) {
        expect("[A]\nx=one \\\n  two\\\n# a comment in the middle\\\n; and one more\n   three  \ny=1\n",
               "1 [A]\n2 x=one  two three in [A]\n7 y=1 in [A]\n");
}

static void an_escaped_backslash_at_the_end_joins_nothing(void** state) {
        expect("[A]\nx=one\\\\\ny=1\nz=1\\\\\\\n2\n", "1 [A]\n2 x=one\\\\ in [A]\n3 y=1 in [A]\n4 z=1\\\\ 2 in [A]\n");
}

static void a_file_may_end_in_the_middle_of_a_line(void** state) {
        expect("[A]\nx=1", "1 [A]\n2 x=1 in [A]\n");
        expect("[A]\nx=1\\", "1 [A]\n2 x=1 in [A]\n");
        expect("[A]\nx=1\\\n\ny=2", "1 [A]\n2 x=1 in [A]\n4 y=2 in [A]\n");
        expect("", "");
}

static void files_from_other_systems_are_read(void** state) {
        expect("\xef\xbb\xbf[A]\r\nx=1 \\\r\n2\r\n", "1 [A]\n2 x=1  2 in [A]\n");
}

static void a_wrong_line_is_a_problem_of_its_own(void** state) {
        expect("[A]\nnothing\n= 1\nx=2\n", "1 [A]\n2 !Missing '=', ignoring line\n"
                                           "3 !Missing key name before '=', ignoring line\n4 x=2 in [A]\n");
        expect("x=1\n[A]\ny=2\n", "1 !Assignment outside of a section, ignoring it\n2 [A]\n3 y=2 in [A]\n");
}

static void what_follows_a_broken_header_does_not_count_for_the_section_before(void** state) {
        expect("[A]\n[B\nx=1\nnothing\n[]\ny=1\n[C]\nz=1\n",
               "1 [A]\n2 !Invalid section header, ignoring what follows it up to the next one\n"
               "5 !Invalid section header, ignoring what follows it up to the next one\n7 [C]\n8 z=1 in [C]\n");
        expect("[A]\n[\001]\nx=1\n", "1 [A]\n2 !Line holds control characters, ignoring it\n");
}

static void the_column_is_that_of_the_value(void** state) {
        static const struct {
                const char* text;
                unsigned column;
        } cases[] = {
                { "[A]\nx=1\n", 3 },
                { "[A]\n  x = \t1  \n", 8 },
                { "\xef\xbb\xbf[A]\nx=1\n", 3 },
                { "[A]\nx=\n", 3 },
                { "[A]\nx=  \n", 3 },
                { "[A]\nx=one\\\ntwo\n", 3 },
                { "[A]\nkey=1", 5 },
                { "[A]\nx=\\\n two\n", 0 },
                { "[A]\nx\\\n=two\n", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ini_reader_ IniReader reader = {};
                IniItem item;

                assert_int_equal(ini_reader_init(&reader, INI_SYNTAX_SYSTEMD, cases[i].text, strlen(cases[i].text)), 0);
                assert_true(ini_reader_next(&reader, &item) && ini_reader_next(&reader, &item));
                assert_int_equal(item.kind, INI_ASSIGNMENT);
                if (item.column != cases[i].column)
                        fail_msg("%u instead of %u in '%s'", item.column, cases[i].column, cases[i].text);
        }
}

static void lines_with_strange_bytes_are_refused_one_by_one(void** state) {
        static const char text[] = "[A]\nx=\xff\ny=\0 1\n\0z=1\nw=a\tb\nv=\x1b[0m\nu=\xc3\xa4\n";
        _cleanup_free_ char* rendered = render(INI_SYNTAX_SYSTEMD, text, sizeof text - 1);

        assert_string_equal(rendered, "1 [A]\n2 !Line is not valid UTF-8, ignoring it\n"
                                      "3 !Line holds control characters, ignoring it\n"
                                      "4 !Line holds control characters, ignoring it\n5 w=a\tb in [A]\n"
                                      "6 !Line holds control characters, ignoring it\n7 u=\xc3\xa4 in [A]\n");
}

static void a_file_is_read_up_to_its_limit(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* large = xcalloc(INI_FILE_MAX + 2, 1);
        _cleanup_free_ char* path = scratch_place(&scratch, "file");
        _cleanup_ini_reader_ IniReader reader = {};

        memset(large, '#', INI_FILE_MAX + 1);
        assert_int_equal(ini_reader_init(&reader, INI_SYNTAX_SYSTEMD, large, INI_FILE_MAX + 1), -EFBIG);
        assert_int_equal(ini_reader_open(&reader, path), -ENOENT);
        assert_int_equal(ini_reader_open(&reader, scratch.path), -EBADFD);
        scratch_write(&scratch, "file", 0644, large);
        assert_int_equal(ini_reader_open(&reader, path), -EFBIG);
        large[INI_FILE_MAX] = 0;
        scratch_write(&scratch, "file", 0644, large);
        assert_int_equal(ini_reader_open(&reader, path), 0);
}

static void python_has_a_colon_too(void** state) {
        expect_of_python("[A]\nx : 1\ny=fe80::1\nz:=1\n", "1 [A]\n2 x=1 in [A]\n3 y=fe80::1 in [A]\n4 z==1 in [A]\n");
}

static void python_goes_on_with_what_stands_further_to_the_right(void** state) {
        expect_of_python("[A]\nx=1,\n  2,\n # a comment\n\n\t3\ny=4\n", "1 [A]\n2 x=1, 2, 3 in [A]\n7 y=4 in [A]\n");
        expect_of_python("[A]\nx=\n  1\n  2=3\n[B]\n", "1 [A]\n2 x=1 2=3 in [A]\n5 [B]\n");
        /* what stands as far to the right does not */
        expect_of_python("[A]\n  x=1\n  y=2\n y=3\n  4\n", "1 [A]\n2 x=1 in [A]\n3 y=2 in [A]\n4 y=3 4 in [A]\n");
        expect_of_python("[A]\n  x=1\n    [B]\n", "1 [A]\n2 x=1 [B] in [A]\n");
        expect_of_python("[A]\nx=1\n  2", "1 [A]\n2 x=1 2 in [A]\n");
        expect_of_python("[A]\r\nx=1\r\n  2\r\n", "1 [A]\n2 x=1 2 in [A]\n");
}

static void python_does_not_mind_backslashes(void** state) {
        expect_of_python("[A]\nx=1\\\ny=2\n", "1 [A]\n2 x=1\\ in [A]\n3 y=2 in [A]\n");
}

static void python_does_not_read_on_behind_a_header(void** state) {
        expect_of_python("[A] # the first\nx=1\n[B\ny=2\n[]\nz=3\n",
                         "1 [A]\n2 x=1 in [A]\n3 !Invalid section header, ignoring what follows it up to the next one\n"
                         "5 !Invalid section header, ignoring what follows it up to the next one\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(assignments_come_in_the_order_of_the_file),
                cmocka_unit_test(blanks_around_keys_and_values_do_not_count),
                cmocka_unit_test(a_value_may_be_empty_and_may_hold_what_it_likes),
                cmocka_unit_test(comments_are_whole_lines_that_begin_with_hash_or_semicolon),
                cmocka_unit_test(a_backslash_at_the_end_joins_lines_with_a_blank),
                cmocka_unit_test(an_escaped_backslash_at_the_end_joins_nothing),
                cmocka_unit_test(a_file_may_end_in_the_middle_of_a_line),
                cmocka_unit_test(files_from_other_systems_are_read),
                cmocka_unit_test(a_wrong_line_is_a_problem_of_its_own),
                cmocka_unit_test(what_follows_a_broken_header_does_not_count_for_the_section_before),
                cmocka_unit_test(the_column_is_that_of_the_value),
                cmocka_unit_test(lines_with_strange_bytes_are_refused_one_by_one),
                cmocka_unit_test(a_file_is_read_up_to_its_limit),
                cmocka_unit_test(python_has_a_colon_too),
                cmocka_unit_test(python_goes_on_with_what_stands_further_to_the_right),
                cmocka_unit_test(python_does_not_mind_backslashes),
                cmocka_unit_test(python_does_not_read_on_behind_a_header),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
