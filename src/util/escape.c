/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <string.h>

#include "util/alloc.h"
#include "util/escape.h"

static const char hex_digits[] = "0123456789abcdef";

static bool is_unit_name_char(char c, bool first) {
        if (c == '.')
                return !first;
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_';
}

static char* append_hex(char* p, unsigned char byte) {
        *p++ = '\\';
        *p++ = 'x';
        *p++ = hex_digits[byte >> 4];
        *p++ = hex_digits[byte & 15];
        return p;
}

char* unit_name_escape(const char* s) {
        char* escaped = xcalloc(strlen(s) * 4 + 1, 1);
        char* p = escaped;

        for (const char* i = s; *i; i++) {
                if (*i == '/')
                        *p++ = '-';
                else if (is_unit_name_char(*i, i == s))
                        *p++ = *i;
                else
                        p = append_hex(p, (unsigned char) *i);
        }
        return escaped;
}

static int hex_value(char c) {
        const char* digit = c ? strchr(hex_digits, c) : NULL;

        return digit ? (int) (digit - hex_digits) : -1;
}

char* unit_name_unescape(const char* s) {
        _cleanup_free_ char* name = xcalloc(strlen(s) + 1, 1);
        char* p = name;

        while (*s) {
                if (*s != '\\') {
                        *p++ = *s++;
                        continue;
                }
                if (s[1] != 'x' || hex_value(s[2]) < 0 || hex_value(s[3]) < 0)
                        return NULL;
                *p++ = (char) (hex_value(s[2]) << 4 | hex_value(s[3]));
                s += 4;
        }
        return take_ptr(name);
}

size_t utf8_sequence_length(const void* data, size_t size) {
        const uint8_t* p = data;
        uint32_t code, smallest;
        size_t length;

        if (size == 0)
                return 0;
        if (p[0] < 0x80)
                return 1;
        if ((p[0] & 0xe0) == 0xc0) {
                length = 2;
                smallest = 0x80;
        } else if ((p[0] & 0xf0) == 0xe0) {
                length = 3;
                smallest = 0x800;
        } else if ((p[0] & 0xf8) == 0xf0) {
                length = 4;
                smallest = 0x10000;
        } else
                return 0;
        if (length > size)
                return 0;

        code = p[0] & (0x7fU >> length);
        for (size_t i = 1; i < length; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (p[i] & 0x3f);
        }

        /* overlong forms, surrogates, beyond Unicode */
        if (code < smallest || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
                return 0;
        return length;
}

bool utf8_is_valid(const char* s) {
        size_t size = strlen(s);

        while (size > 0) {
                size_t length = utf8_sequence_length(s, size);

                if (length == 0)
                        return false;
                s += length;
                size -= length;
        }
        return true;
}

/* C1 in UTF-8: terminals obey them as they obey ESC. */
static bool is_c1(const unsigned char* p, size_t length) {
        return length == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

char* escape_bytes(const void* data, size_t size, size_t max_bytes) {
        const unsigned char* from = data;
        char* escaped = xcalloc(min_size(size * 4, max_bytes) + 1, 1);
        char* p = escaped;

        while (size > 0) {
                size_t length = utf8_sequence_length(from, size);
                bool verbatim = length == 1 ? (*from >= 0x20 && *from != 0x7f) || *from == '\t' :
                                              length > 1 && !is_c1(from, length);
                size_t room = max_bytes - (size_t) (p - escaped);

                if (room < (verbatim ? length : 4))
                        break;
                if (verbatim)
                        p = mempcpy(p, from, length);
                else {
                        p = append_hex(p, *from);
                        length = 1;
                }
                from += length;
                size -= length;
        }
        return escaped;
}

bool string_has_no_control(const char* s) {
        for (const unsigned char* p = (const unsigned char*) s; *p; p++)
                if (*p < 0x20 || *p == 0x7f || is_c1(p, p[1] ? 2 : 1))
                        return false;
        return true;
}
