/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Text from elsewhere on its way to a terminal: names, errors, lines of nodes. None of it is trusted: what moves a
 * cursor or changes a colour is shown as \xNN, and nothing is taken for longer or shorter than it looks. */

#include <stdbool.h>
#include <stddef.h>

#include "util/alloc.h"

/* Longer texts are cut: no honest error and no line of LastOutput is. */
#define TEXT_BYTES_MAX (16U * 1024)

/* On one line: control characters and what is not UTF-8 as \xNN, a tab as a blank. Allocated. */
char* text_clean(const char* s);

/* The columns that a clean text takes. */
size_t text_width(const char* s);

/* At most so many columns of a clean text; an ellipsis stands for what is left out. Allocated. */
char* text_ellipsize(const char* s, size_t columns, bool utf8);
