/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Zeek script to tokens, with line numbers. It knows what can hide a bracket or a semicolon: comments,
 * strings, patterns, addresses in brackets and the lines of @-directives. */

#include <stdbool.h>
#include <stddef.h>

typedef enum TokenType {
        TOKEN_END,
        TOKEN_IDENTIFIER, /* also with :: in it, and keywords */
        TOKEN_NUMBER,     /* 1, 1.5, 0x1f, 5min, 27760/tcp, 10.0.0.1, 10.0.0.0/8 */
        TOKEN_ADDRESS,    /* [fd00::1], the brackets included */
        TOKEN_STRING,     /* the quotes included, escapes as they stand */
        TOKEN_PATTERN,    /* the slashes included */
        TOKEN_DIRECTIVE,  /* @load and so on, the @ included */
        TOKEN_PUNCTUATION,
        TOKEN_INVALID,    /* text is the place where it stops to be Zeek script */
} TokenType;

typedef struct Token {
        TokenType type;
        const char* text; /* into the lexer's text */
        size_t length;
        unsigned line;
} Token;

typedef struct Lexer {
        const char* next;
        const char* end;
        unsigned line;
        bool after_operand; /* a slash is a division here, not the start of a pattern */
        unsigned open_bars; /* of |x|, in this statement */
} Lexer;

/* The text is borrowed and may hold any bytes. */
void lexer_init(Lexer* lexer, const char* text, size_t size);
Token lexer_next(Lexer* lexer);

/* For directives: what is left of the line, without blanks at its ends and without a comment. */
Token lexer_rest_of_line(Lexer* lexer);

bool token_is(const Token* token, const char* text);
char* token_copy(const Token* token);
/* The value of a string token: 0, or -EINVAL for an escape that Zeek does not know. */
int token_unquote(const Token* token, char** ret);
/* The token for an error message: its text, shortened. */
char* token_describe(const Token* token);
