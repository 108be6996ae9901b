/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A table as text: columns as wide as what is in them, and no line wider than there is room.
 *
 * Cells are cleaned (text.h), so that what a node or another host calls itself does no harm. */

#include <stdio.h>

#include "ctl/terminal.h"
#include "util/alloc.h"

typedef struct TableColumn {
        const char* title;
        bool right;    /* numbers */
        bool flexible; /* gives way first when there is too little room */
} TableColumn;

typedef struct Table Table;

/* The columns stay the caller's. */
Table* table_new(const TableColumn* columns, size_t n_columns);
Table* table_free(Table* t);
DEFINE_CLEANUP(Table*, table_free)
#define _cleanup_table_ _cleanup_(table_freep)

/* The next cell, row by row. table_take() takes ownership of the text; NULL is "-", for what is not known. */
void table_add(Table* t, Style style, const char* text);
void table_take(Table* t, Style style, char* text);

size_t table_rows(const Table* t);

typedef struct TableLook {
        const Terminal* terminal;
        bool header;
        size_t columns;  /* at most so wide; 0: whatever it takes */
        size_t rows_max; /* of the table, without its header; 0: all */
} TableLook;

void table_print(const Table* t, const TableLook* look, FILE* out);
