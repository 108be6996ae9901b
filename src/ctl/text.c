/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <wchar.h>

#include "ctl/text.h"
#include "util/escape.h"

char* text_clean(const char* s) {
        char* clean = escape_bytes(s, strlen(s), TEXT_BYTES_MAX);

        for (char* p = clean; *p; p++)
                if (*p == '\t')
                        *p = ' ';
        return clean;
}

/* Decodes a sequence that utf8_sequence_length() found good. */
static wchar_t decode(const char* s, size_t length) {
        const unsigned char* p = (const unsigned char*) s;
        wchar_t code = length == 1 ? p[0] : p[0] & (0x7fU >> length);

        for (size_t i = 1; i < length; i++)
                code = code << 6 | (p[i] & 0x3f);
        return code;
}

/* The next character: its bytes, and the columns that it takes. */
static size_t next(const char* s, size_t* ret_columns) {
        size_t length = utf8_sequence_length(s, strnlen(s, 4));
        int columns = length > 1 ? wcwidth(decode(s, length)) : 1;

        /* what the locale does not know is taken for an ordinary character */
        *ret_columns = columns < 0 ? 1 : (size_t) columns;
        return length > 0 ? length : 1;
}

size_t text_width(const char* s) {
        size_t width = 0, columns;

        while (*s) {
                s += next(s, &columns);
                width += columns;
        }
        return width;
}

char* text_ellipsize(const char* s, size_t columns, bool utf8) {
        const char* ellipsis = utf8 ? "…" : "...";
        size_t room, used = 0, width;
        const char* end = s;

        if (text_width(s) <= columns)
                return xstrdup(s);
        if (text_width(ellipsis) > columns)
                ellipsis = "";

        room = columns - text_width(ellipsis);
        for (;;) {
                size_t length = next(end, &width);

                if (used + width > room)
                        break;
                used += width;
                end += length;
        }
        return xasprintf("%.*s%s", (int) (end - s), s, ellipsis);
}
