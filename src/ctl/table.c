/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/table.h"
#include "ctl/text.h"

/* What a flexible column keeps in any case. */
#define FLEXIBLE_COLUMN_MIN 8U

typedef struct Cell {
        char* text;
        size_t width;
        Style style;
} Cell;

struct Table {
        const TableColumn* columns;
        size_t n_columns;
        Cell* cells;
        size_t n, allocated;
};

Table* table_new(const TableColumn* columns, size_t n_columns) {
        Table* t = xnew0(Table);

        assert(n_columns > 0);
        t->columns = columns;
        t->n_columns = n_columns;
        return t;
}

Table* table_free(Table* t) {
        if (!t)
                return NULL;

        for (size_t i = 0; i < t->n; i++)
                free(t->cells[i].text);
        free(t->cells);
        free(t);
        return NULL;
}

void table_add(Table* t, Style style, const char* text) {
        Cell* cell;

        GROW(t->cells, t->n, t->allocated);
        cell = &t->cells[t->n++];
        cell->text = text ? text_clean(text) : xstrdup("-");
        cell->width = text_width(cell->text);
        cell->style = text ? style : STYLE_FAINT;
}

void table_take(Table* t, Style style, char* text) {
        table_add(t, style, text);
        free(text);
}

size_t table_rows(const Table* t) {
        return t->n / t->n_columns;
}

static size_t sum(const size_t* widths, size_t n) {
        size_t total = n - 1; /* a blank between two */

        for (size_t i = 0; i < n; i++)
                total += widths[i];
        return total;
}

/* The widest of the flexible columns gives way, one column at a time, until all fits or none can. */
static void shrink(const Table* t, size_t* widths, size_t limit) {
        while (sum(widths, t->n_columns) > limit) {
                size_t widest = t->n_columns;

                for (size_t i = 0; i < t->n_columns; i++)
                        if (t->columns[i].flexible && widths[i] > FLEXIBLE_COLUMN_MIN &&
                            (widest == t->n_columns || widths[i] > widths[widest]))
                                widest = i;
                if (widest == t->n_columns)
                        return;
                widths[widest]--;
        }
}

static size_t* measure(const Table* t, const TableLook* look) {
        size_t* widths = xcalloc(t->n_columns, sizeof(size_t));

        for (size_t i = 0; look->header && i < t->n_columns; i++)
                widths[i] = text_width(t->columns[i].title);
        for (size_t i = 0; i < t->n; i++)
                if (t->cells[i].width > widths[i % t->n_columns])
                        widths[i % t->n_columns] = t->cells[i].width;
        if (look->columns > 0)
                shrink(t, widths, look->columns);
        return widths;
}

/* row: NULL: the header. Padding comes before the next cell, so that no line ends in blanks. */
static void print_row(const Table* t, const TableLook* look, const size_t* widths, const Cell* row, FILE* out) {
        Style whole = row ? STYLE_PLAIN : STYLE_HEADER;
        size_t used = 0, padding = 0;

        fputs(style_on(look->terminal, whole), out);
        for (size_t i = 0; i < t->n_columns; i++) {
                Style style = row ? row[i].style : STYLE_PLAIN;
                _cleanup_free_ char* shown = NULL;
                size_t width = widths[i];

                /* where even that is too little, a line ends before it would wrap */
                if (look->columns > 0 && used + width > look->columns)
                        width = look->columns > used ? look->columns - used : 0;
                if (width == 0 && widths[i] > 0)
                        break;

                shown = text_ellipsize(row ? row[i].text : t->columns[i].title, width, look->terminal->utf8);
                if (t->columns[i].right)
                        padding += width - text_width(shown);
                fprintf(out, "%*s%s%s%s", (int) padding, "", style_on(look->terminal, style), shown,
                        style_off(look->terminal, style));
                padding = 1 + (t->columns[i].right ? 0 : width - text_width(shown));
                used += width + 1;
        }
        fprintf(out, "%s\n", style_off(look->terminal, whole));
}

void table_print(const Table* t, const TableLook* look, FILE* out) {
        _cleanup_free_ size_t* widths = measure(t, look);
        size_t rows = table_rows(t);

        assert(t->n % t->n_columns == 0);
        if (look->rows_max > 0)
                rows = min_size(rows, look->rows_max);

        if (look->header)
                print_row(t, look, widths, NULL, out);
        for (size_t i = 0; i < rows; i++)
                print_row(t, look, widths, &t->cells[i * t->n_columns], out);
}
