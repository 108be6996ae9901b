/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/word-list.h"
#include "util/escape.h"
#include "util/strv.h"

#define BLANKS " \t"

static char* append_utf8(char* to, uint32_t code) {
        if (code < 0x80)
                *to++ = (char) code;
        else if (code < 0x800) {
                *to++ = (char) (0xc0 | code >> 6);
                *to++ = (char) (0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
                *to++ = (char) (0xe0 | code >> 12);
                *to++ = (char) (0x80 | (code >> 6 & 0x3f));
                *to++ = (char) (0x80 | (code & 0x3f));
        } else {
                *to++ = (char) (0xf0 | (code >> 18 & 0x07));
                *to++ = (char) (0x80 | (code >> 12 & 0x3f));
                *to++ = (char) (0x80 | (code >> 6 & 0x3f));
                *to++ = (char) (0x80 | (code & 0x3f));
        }
        return to;
}

/* Exactly n digits of the base; *p moves behind them. */
static int parse_code(const char** p, unsigned n, unsigned base, uint32_t* ret) {
        uint32_t code = 0;

        for (unsigned i = 0; i < n; i++, (*p)++) {
                int c = tolower((unsigned char) **p);
                unsigned digit;

                if (c >= '0' && c <= '9')
                        digit = (unsigned) c - '0';
                else if (c >= 'a' && c <= 'f')
                        digit = (unsigned) c - 'a' + 10;
                else
                        return -EINVAL;
                if (digit >= base)
                        return -EINVAL;
                code = code * base + digit;
        }

        *ret = code;
        return 0;
}

/* *p stands behind the backslash. An escape is never shorter than what it stands for, so *to has room. */
static int unescape(const char** p, char** to) {
        static const char letters[] = "abfnrtvs\\\"'";
        static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
        static const struct {
                char letter;
                unsigned n_digits;
        } kinds[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };
        const char* letter = **p ? strchr(letters, **p) : NULL;
        unsigned n_digits = 3, base = 8;
        uint32_t code;

        if (letter) {
                (*p)++;
                *(*to)++ = meanings[letter - letters];
                return 0;
        }

        for (size_t i = 0; i < ELEMENTSOF(kinds) && base == 8; i++)
                if (**p == kinds[i].letter) {
                        (*p)++;
                        n_digits = kinds[i].n_digits;
                        base = 16;
                }
        if (parse_code(p, n_digits, base, &code) < 0 || code == 0)
                return -EINVAL;

        /* \x and octal ones are bytes, \u and \U characters */
        if (n_digits < 4) {
                if (code > UINT8_MAX)
                        return -EINVAL;
                *(*to)++ = (char) code;
                return 0;
        }
        if (code > 0x10ffff)
                return -EINVAL;
        *to = append_utf8(*to, code);
        return 0;
}

/* *p stands at the first character of a word, which is written to `to`; *p moves behind it. */
static int take_word(const char** p, char* to) {
        char quote = 0;

        for (; **p && (quote || !strchr(BLANKS, **p));) {
                char c = *(*p)++;
                int r;

                if (c == '\\') {
                        r = unescape(p, &to);
                        if (r < 0)
                                return r;
                } else if (quote && c == quote)
                        quote = 0;
                else if (!quote && (c == '"' || c == '\''))
                        quote = c;
                else
                        *to++ = c;
        }
        *to = 0;
        return quote ? -EINVAL : 0;
}

int word_list_split(const char* s, char*** ret) {
        _cleanup_strv_free_ char** words = xcalloc(1, sizeof(char*));
        _cleanup_free_ char* word = xcalloc(strlen(s) + 1, 1);

        for (size_t n = 0;; n++) {
                int r;

                s += strspn(s, BLANKS);
                if (!*s)
                        break;
                if (n >= WORD_LIST_MAX)
                        return -E2BIG;

                r = take_word(&s, word);
                if (r < 0)
                        return r;
                if (!utf8_is_valid(word))
                        return -EINVAL;
                strv_extend(&words, word);
        }

        *ret = take_ptr(words);
        return 0;
}
