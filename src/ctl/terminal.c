/* SPDX-License-Identifier: BSD-3-Clause */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/terminal.h"
#include "util/macro.h"
#include "util/parse.h"

#define COLUMNS_DEFAULT 80U
#define ROWS_DEFAULT 24U
#define SIZE_MAX_BELIEVED 10000

static const char* const style_sequences[_STYLE_MAX] = {
        [STYLE_PLAIN] = "",
        [STYLE_GOOD] = "\x1b[0;1;32m",
        [STYLE_BUSY] = "\x1b[0;1;33m",
        [STYLE_BAD] = "\x1b[0;1;31m",
        [STYLE_FAINT] = "\x1b[0;90m",
        [STYLE_STRONG] = "\x1b[0;1;39m",
        [STYLE_HEADER] = "\x1b[0;4m",
};

bool terminal_wants_colors(bool is_terminal, const char* systemd_colors, const char* no_color, const char* term) {
        bool wanted;

        if (systemd_colors && parse_bool(systemd_colors, &wanted) >= 0)
                return wanted;
        /* a number of colours, maybe with "auto-" before it, which leaves the question open */
        if (systemd_colors && strspn(systemd_colors, "0123456789") > 0)
                return true;
        if (no_color && no_color[0])
                return false;
        return is_terminal && term && strcmp(term, "dumb") != 0;
}

static unsigned size_from_environment(const char* variable) {
        const char* value = getenv(variable);
        int64_t n;

        return value && parse_int_range(value, 1, SIZE_MAX_BELIEVED, &n) >= 0 ? (unsigned) n : 0;
}

void terminal_measure(Terminal* t, int fd) {
        struct winsize size = {};

        (void) ioctl(fd, TIOCGWINSZ, &size);
        t->columns = size_from_environment("COLUMNS");
        t->rows = size_from_environment("LINES");
        if (t->columns == 0)
                t->columns = size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
        if (t->rows == 0)
                t->rows = size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
}

Terminal terminal_look(int fd) {
        Terminal t = { .is_terminal = isatty(fd) };

        t.colors = terminal_wants_colors(t.is_terminal, getenv("SYSTEMD_COLORS"), getenv("NO_COLOR"), getenv("TERM"));
        t.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        terminal_measure(&t, fd);
        return t;
}

const char* style_on(const Terminal* t, Style style) {
        return t->colors ? style_sequences[style] : "";
}

const char* style_off(const Terminal* t, Style style) {
        return t->colors && style != STYLE_PLAIN ? "\x1b[0m" : "";
}
