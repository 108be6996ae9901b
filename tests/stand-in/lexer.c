/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "stand-in/lexer.h"
#include "util/alloc.h"

#define DESCRIBED_LENGTH_MAX 40

/* the <ctype.h> of these depends on the locale and takes no negative char */
static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_word_start(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c) {
        return is_word_start(c) || is_digit(c);
}

static bool is_hex(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

void lexer_init(Lexer* lexer, const char* text, size_t size) {
        *lexer = (Lexer) { .next = text, .end = text + size, .line = 1 };
}

static char peek(const Lexer* lexer, size_t ahead) {
        return (size_t) (lexer->end - lexer->next) > ahead ? lexer->next[ahead] : 0;
}

static void skip_blanks_and_comments(Lexer* lexer) {
        while (lexer->next < lexer->end) {
                char c = *lexer->next;

                if (c == '\n')
                        lexer->line++;
                else if (c == '#') {
                        const char* newline = memchr(lexer->next, '\n', (size_t) (lexer->end - lexer->next));

                        lexer->next = newline ? newline : lexer->end;
                        continue;
                } else if (!is_blank(c))
                        return;
                lexer->next++;
        }
}

static size_t identifier_length(const Lexer* lexer) {
        size_t n = 1;

        for (;;) {
                while (is_word(peek(lexer, n)))
                        n++;
                if (peek(lexer, n) != ':' || peek(lexer, n + 1) != ':' || !is_word_start(peek(lexer, n + 2)))
                        return n;
                n += 2;
        }
}

/* "/tcp" after a port number or "/24" after an address; 0: neither. */
static size_t suffix_length(const Lexer* lexer, size_t at, bool is_address) {
        static const char* const protocols[] = { "/tcp", "/udp", "/icmp", "/unknown" };
        size_t n = 1;

        if (peek(lexer, at) != '/')
                return 0;
        if (is_address) {
                while (is_digit(peek(lexer, at + n)))
                        n++;
                return n > 1 ? n : 0;
        }
        for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
                size_t length = strlen(protocols[i]);

                if ((size_t) (lexer->end - lexer->next) >= at + length &&
                    memcmp(lexer->next + at, protocols[i], length) == 0 &&
                    !is_word(peek(lexer, at + length)))
                        return length;
        }
        return 0;
}

static size_t number_length(const Lexer* lexer) {
        size_t n = 0, dots = 0;

        while (is_word(peek(lexer, n)) || (peek(lexer, n) == '.' && is_word(peek(lexer, n + 1)))) {
                dots += peek(lexer, n) == '.';
                n++;
                /* the sign of an exponent: 1e-5 */
                if (dots <= 1 && (peek(lexer, n) == '-' || peek(lexer, n) == '+') &&
                    is_digit(peek(lexer, n + 1)) &&
                    (lexer->next[n - 1] == 'e' || lexer->next[n - 1] == 'E') && peek(lexer, 1) != 'x')
                        n++;
        }
        return n + suffix_length(lexer, n, dots == 3);
}

/* An IPv6 address in brackets; 0: these brackets hold something else. */
static size_t address_length(const Lexer* lexer) {
        char text[INET6_ADDRSTRLEN];
        struct in6_addr address;
        size_t n = 1;

        while (is_hex(peek(lexer, n)) || peek(lexer, n) == ':' || peek(lexer, n) == '.')
                n++;
        if (peek(lexer, n) != ']' || n - 1 >= sizeof text)
                return 0;

        memcpy(text, lexer->next + 1, n - 1);
        text[n - 1] = 0;
        if (inet_pton(AF_INET6, text, &address) != 1)
                return 0;
        return n + 1 + suffix_length(lexer, n + 1, true);
}

/* A text between two of the same quotes on one line; 0: the second is missing. */
static size_t quoted_length(const Lexer* lexer) {
        char quote = peek(lexer, 0);

        for (size_t n = 1; lexer->next + n < lexer->end && lexer->next[n] != '\n'; n++) {
                if (lexer->next[n] == quote)
                        return n + 1;
                if (lexer->next[n] == '\\' && lexer->next + n + 1 < lexer->end && lexer->next[n + 1] != '\n')
                        n++;
        }
        return 0;
}

static size_t pattern_length(const Lexer* lexer) {
        size_t n = quoted_length(lexer);

        while (n > 0 && (peek(lexer, n) == 'i' || peek(lexer, n) == 's') && !is_word(peek(lexer, n + 1)))
                n++;
        return n;
}

static size_t punctuation_length(const Lexer* lexer) {
        static const char* const pairs[] = {
                "+=", "-=", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "?$"
        };
        static const char singles[] = "(){}[];,.:=+-*/%!<>&|^~?$@";
        char c = peek(lexer, 0);

        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
                if (c == pairs[i][0] && peek(lexer, 1) == pairs[i][1])
                        return 2;
        return c && strchr(singles, c) ? 1 : 0;
}

/* A bar begins |x|, ends it, or is an operator. */
static bool is_operand_after_bar(Lexer* lexer) {
        if (!lexer->after_operand)
                lexer->open_bars++;
        else if (lexer->open_bars > 0) {
                lexer->open_bars--;
                return true;
        }
        return false;
}

static bool is_operand(Lexer* lexer, const Token* token) {
        static const char* const keywords[] = { "as", "case", "in", "of", "print", "return" };

        switch (token->type) {
        case TOKEN_IDENTIFIER:
                for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
                        if (token_is(token, keywords[i]))
                                return false;
                return true;
        case TOKEN_NUMBER:
        case TOKEN_ADDRESS:
        case TOKEN_STRING:
        case TOKEN_PATTERN:
                return true;
        case TOKEN_PUNCTUATION:
                if (token_is(token, ";"))
                        lexer->open_bars = 0;
                return token_is(token, "|") ? is_operand_after_bar(lexer) :
                                              token_is(token, ")") || token_is(token, "]");
        default:
                return false;
        }
}

static Token take(Lexer* lexer, TokenType type, size_t length) {
        Token token = { .type = type, .text = lexer->next, .length = length, .line = lexer->line };

        lexer->next += length;
        lexer->after_operand = is_operand(lexer, &token);
        return token;
}

Token lexer_next(Lexer* lexer) {
        size_t n;

        skip_blanks_and_comments(lexer);
        if (lexer->next == lexer->end)
                return take(lexer, TOKEN_END, 0);

        char c = *lexer->next;
        if (is_word_start(c))
                return take(lexer, TOKEN_IDENTIFIER, identifier_length(lexer));
        if (is_digit(c))
                return take(lexer, TOKEN_NUMBER, number_length(lexer));
        if (c == '@' && is_word_start(peek(lexer, 1))) {
                for (n = 2; is_word(peek(lexer, n)) || peek(lexer, n) == '-'; n++)
                        ;
                return take(lexer, TOKEN_DIRECTIVE, n);
        }
        if (c == '[' && (n = address_length(lexer)) > 0)
                return take(lexer, TOKEN_ADDRESS, n);
        if (c == '"' && (n = quoted_length(lexer)) > 0)
                return take(lexer, TOKEN_STRING, n);
        if (c == '/' && !lexer->after_operand && (n = pattern_length(lexer)) > 0)
                return take(lexer, TOKEN_PATTERN, n);
        n = punctuation_length(lexer);
        if (n > 0)
                return take(lexer, TOKEN_PUNCTUATION, n);
        return take(lexer, TOKEN_INVALID, 1);
}

Token lexer_rest_of_line(Lexer* lexer) {
        const char* newline = memchr(lexer->next, '\n', (size_t) (lexer->end - lexer->next));
        const char* end = newline ? newline : lexer->end;
        const char* comment = memchr(lexer->next, '#', (size_t) (end - lexer->next));
        Token token = { .type = TOKEN_STRING, .text = lexer->next, .line = lexer->line };
        const char* text_end = comment ? comment : end;

        while (token.text < text_end && is_blank(*token.text))
                token.text++;
        while (text_end > token.text && is_blank(text_end[-1]))
                text_end--;
        token.length = (size_t) (text_end - token.text);
        lexer->next = end;
        lexer->after_operand = false;
        return token;
}

bool token_is(const Token* token, const char* text) {
        return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

char* token_copy(const Token* token) {
        char* copy = xcalloc(token->length + 1, 1);

        memcpy(copy, token->text, token->length);
        return copy;
}

static int hex_value(char c) {
        return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Reads one escape sequence behind its backslash; the number of bytes it has, or -EINVAL. */
static int unescape(const char* s, size_t size, char* ret) {
        static const char letters[] = "ntrabfv\\\"'/", values[] = "\n\t\r\a\b\f\v\\\"'/";
        const char* letter = s[0] ? strchr(letters, s[0]) : NULL;

        if (letter) {
                *ret = values[letter - letters];
                return 1;
        }
        if (s[0] == 'x' && size >= 3 && is_hex(s[1]) && is_hex(s[2])) {
                *ret = (char) (hex_value(s[1]) * 16 + hex_value(s[2]));
                return *ret ? 3 : -EINVAL;
        }
        if (size >= 3 && s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
            s[2] <= '7') {
                *ret = (char) ((s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
                return *ret ? 3 : -EINVAL;
        }
        return -EINVAL;
}

int token_unquote(const Token* token, char** ret) {
        _cleanup_free_ char* value = xcalloc(token->length + 1, 1);
        size_t n = 0;

        for (size_t i = 1; i + 1 < token->length; i++) {
                if (token->text[i] == 0)
                        return -EINVAL;
                if (token->text[i] != '\\') {
                        value[n++] = token->text[i];
                        continue;
                }
                int used = unescape(token->text + i + 1, token->length - i - 2, &value[n]);
                if (used < 0)
                        return used;
                n++;
                i += (size_t) used;
        }

        *ret = take_ptr(value);
        return 0;
}

char* token_describe(const Token* token) {
        char* text = xcalloc(DESCRIBED_LENGTH_MAX + 1, 1);

        for (size_t i = 0; i < min_size(token->length, DESCRIBED_LENGTH_MAX); i++)
                text[i] = token->text[i] >= 0x20 && token->text[i] < 0x7f ? token->text[i] : '?';
        return text;
}
