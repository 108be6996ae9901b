/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What is at the other end of stdout or stderr, and how things may look there. */

#include <stdbool.h>
#include <stdio.h>

typedef enum Style {
        STYLE_PLAIN,
        STYLE_GOOD,
        STYLE_BUSY, /* on its way */
        STYLE_BAD,
        STYLE_FAINT,
        STYLE_STRONG,
        STYLE_HEADER,
        _STYLE_MAX,
} Style;

typedef struct Terminal {
        bool is_terminal;
        bool colors;
        bool utf8;
        unsigned columns, rows; /* what is not known is 80 and 24 */
} Terminal;

/* Looks at a descriptor and the environment. */
Terminal terminal_look(int fd);
/* Again at its size, which may have changed. */
void terminal_measure(Terminal* t, int fd);

/* Are there to be colours? What the variables SYSTEMD_COLORS (systemd(1)), NO_COLOR and TERM say; NULL: not set. */
bool terminal_wants_colors(bool is_terminal, const char* systemd_colors, const char* no_color, const char* term);

/* The sequences before and behind a text in this style; "" without colours. */
const char* style_on(const Terminal* t, Style style);
const char* style_off(const Terminal* t, Style style);
