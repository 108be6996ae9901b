/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "ctl/table.h"
#include "unit/unit.h"

static const TableColumn columns[] = {
        { "NAME", false, true },
        { "STATE", false, false },
        { "PID", true, false },
};

static Table* example(void) {
        Table* t = table_new(columns, ELEMENTSOF(columns));

        table_add(t, STYLE_PLAIN, "a-long-name-of-a-node");
        table_add(t, STYLE_GOOD, "running");
        table_take(t, STYLE_PLAIN, xstrdup("4711"));
        table_add(t, STYLE_PLAIN, "b");
        table_add(t, STYLE_BAD, "failed");
        table_take(t, STYLE_PLAIN, NULL);
        return t;
}

static const Terminal plain = { .utf8 = true };

static void expect(const Table* t, TableLook look, const char* expected) {
        char* text = NULL;
        size_t size;
        FILE* out = open_memstream(&text, &size);

        assert_non_null(out);
        if (!look.terminal)
                look.terminal = &plain;
        table_print(t, &look, out);
        fclose(out);
        assert_string_equal(text, expected);
        free(text);
}

static void columns_are_as_wide_as_what_is_in_them(void** state) {
        _cleanup_table_ Table* t = example();

        expect(t, (TableLook) { .header = true },
               "NAME                  STATE    PID\n"
               "a-long-name-of-a-node running 4711\n"
               "b                     failed     -\n");
        expect(t, (TableLook) {},
               "a-long-name-of-a-node running 4711\n"
               "b                     failed     -\n");
}

static void the_flexible_column_gives_way(void** state) {
        _cleanup_table_ Table* t = example();

        expect(t, (TableLook) { .columns = 24 },
               "a-long-nam… running 4711\n"
               "b           failed     -\n");
}

static void no_line_is_wider_than_there_is_room(void** state) {
        _cleanup_table_ Table* t = example();

        expect(t, (TableLook) { .columns = 12 },
               "a-long-… ru…\n"
               "b        fa…\n");
        expect(t, (TableLook) { .columns = 5 },
               "a-lo…\n"
               "b\n");
}

static void rows_can_be_limited(void** state) {
        _cleanup_table_ Table* t = example();

        assert_int_equal(table_rows(t), 2);
        expect(t, (TableLook) { .rows_max = 1 }, "a-long-name-of-a-node running 4711\n");
}

static void colours_surround_texts_alone(void** state) {
        _cleanup_table_ Table* t = example();
        Terminal terminal = { .colors = true, .utf8 = true };

        expect(t, (TableLook) { .terminal = &terminal, .header = true, .rows_max = 1 },
               "\x1b[0;4mNAME                  STATE    PID\x1b[0m\n"
               "a-long-name-of-a-node \x1b[0;1;32mrunning\x1b[0m 4711\n");
}

static void cells_are_cleaned(void** state) {
        _cleanup_table_ Table* t = table_new(columns, 1);

        table_add(t, STYLE_PLAIN, "\x1b[31mred\nline");
        expect(t, (TableLook) {}, "\\x1b[31mred\\x0aline\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(columns_are_as_wide_as_what_is_in_them),
                cmocka_unit_test(the_flexible_column_gives_way),
                cmocka_unit_test(no_line_is_wider_than_there_is_room),
                cmocka_unit_test(rows_can_be_limited),
                cmocka_unit_test(colours_surround_texts_alone),
                cmocka_unit_test(cells_are_cleaned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
