/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stand-in/script-checker.h"
#include "util/alloc.h"

/* What is between @if and @endif. With a condition that nobody can tell, the first branch is checked but
 * does nothing, and the other one is passed over. */
typedef enum Branch {
        BRANCH_TAKEN,
        BRANCH_CHECKED,
        BRANCH_SKIPPED,
} Branch;

typedef struct Checker {
        Scripts* scripts;
        const char* file;
        Lexer lexer;
        char brackets[SCRIPT_BRACKETS_MAX];
        size_t n_brackets;
        Branch branches[SCRIPT_CONDITIONS_MAX];
        size_t n_branches;
        Token statement[SCRIPT_STATEMENT_MAX];
        size_t n_statement;
} Checker;

static Branch current_branch(const Checker* checker) {
        Branch worst = BRANCH_TAKEN;

        for (size_t i = 0; i < checker->n_branches; i++)
                if (checker->branches[i] > worst)
                        worst = checker->branches[i];
        return worst;
}

static int error_at(const Checker* checker, const Token* token, const char* text) {
        return report_error(&(Location) { checker->file, token->line }, "%s", text);
}

static int syntax_error(const Checker* checker, const Token* token) {
        Location where = { checker->file, token->line };
        _cleanup_free_ char* text = token_describe(token);

        if (token->type == TOKEN_END)
                return report_error(&where, "syntax error, at end of file %s", checker->file);
        return report_error(&where, "syntax error, at or near \"%s\"", text);
}

/* The tokens between the parentheses after @if and its relatives. */
static int take_condition(Checker* checker, Token* tokens, size_t* ret_n) {
        Token token = lexer_next(&checker->lexer);
        size_t n = 0, depth = 1;

        if (!token_is(&token, "("))
                return syntax_error(checker, &token);
        for (;;) {
                token = lexer_next(&checker->lexer);
                if (token.type == TOKEN_END || token.type == TOKEN_INVALID || n == SCRIPT_STATEMENT_MAX)
                        return syntax_error(checker, &token);
                if (token_is(&token, "("))
                        depth++;
                else if (token_is(&token, ")") && --depth == 0)
                        break;
                tokens[n++] = token;
        }
        *ret_n = n;
        return 0;
}

/* Of those of Zeek's own scripts that somebody asks for: since when they are there for everybody. */
static const struct {
        const char* name;
        unsigned since;
} identifiers[] = {
        { "archiver_rotation_format_func", ZEEK_SERIES(6, 0) },
        { "from_json", ZEEK_SERIES(6, 1) },
};

static Branch branch_of_identifier(const Checker* checker, const Token* token, bool wanted) {
        for (size_t i = 0; i < ELEMENTSOF(identifiers); i++)
                if (token_is(token, identifiers[i].name)) {
                        bool defined = version_has(checker->scripts->version, identifiers[i].since, ZEEK_SERIES_NONE);

                        return defined == wanted ? BRANCH_TAKEN : BRANCH_SKIPPED;
                }
        return BRANCH_CHECKED;
}

static int begin_condition(Checker* checker, const Token* directive) {
        Token tokens[SCRIPT_STATEMENT_MAX];
        Branch branch = BRANCH_CHECKED;
        size_t n = 0;
        int r;

        if (checker->n_branches == SCRIPT_CONDITIONS_MAX)
                return error_at(checker, directive, "too many nested @if");
        if (current_branch(checker) == BRANCH_SKIPPED) {
                checker->branches[checker->n_branches++] = BRANCH_SKIPPED;
                return 0;
        }

        r = take_condition(checker, tokens, &n);
        if (r < 0)
                return r;
        /* which identifiers a Zeek has defined is known here of few, so @ifdef and @ifndef mostly stay open */
        if (n == 1 && (token_is(directive, "@ifdef") || token_is(directive, "@ifndef")))
                branch = branch_of_identifier(checker, &tokens[0], token_is(directive, "@ifdef"));
        else if (token_is(directive, "@if")) {
                Value value = expression_evaluate(tokens, n, &checker->scripts->world);

                if (value.type == VALUE_BOOL)
                        branch = value.number != 0 ? BRANCH_TAKEN : BRANCH_SKIPPED;
                value_done(&value);
        }
        checker->branches[checker->n_branches++] = branch;
        return 0;
}

static int turn_condition(Checker* checker, const Token* directive) {
        Branch* branch = checker->n_branches > 0 ? &checker->branches[checker->n_branches - 1] : NULL;

        if (!branch)
                return error_at(checker, directive, "@else without @if...");
        *branch = *branch == BRANCH_SKIPPED ? BRANCH_TAKEN : BRANCH_SKIPPED;
        return 0;
}

static int end_condition(Checker* checker, const Token* directive) {
        if (checker->n_branches == 0)
                return error_at(checker, directive, "unbalanced @if... @endif");
        checker->n_branches--;
        return 0;
}

/* 1: the directive is an expression (@DIR), so its token goes the way of all others. */
static int check_directive(Checker* checker, const Token* directive) {
        if (token_is(directive, "@if") || token_is(directive, "@ifdef") || token_is(directive, "@ifndef"))
                return begin_condition(checker, directive);
        if (token_is(directive, "@else"))
                return turn_condition(checker, directive);
        if (token_is(directive, "@endif"))
                return end_condition(checker, directive);
        if (current_branch(checker) == BRANCH_SKIPPED)
                return 0;
        if (token_is(directive, "@DIR") || token_is(directive, "@FILENAME"))
                return 1;

        Token rest = lexer_rest_of_line(&checker->lexer);
        if (token_is(directive, "@load") && current_branch(checker) == BRANCH_TAKEN) {
                _cleanup_free_ char* name = token_copy(&rest);
                Location where = { checker->file, directive->line };

                if (!*name)
                        return syntax_error(checker, directive);
                return scripts_load(checker->scripts, name, &where);
        }
        return 0;
}

/* "redef NAME = VALUE;" and "redef NAME += VALUE;", of which only the first can be a setting. */
static void take_redef(Checker* checker) {
        const Token* tokens = checker->statement;
        size_t n = checker->n_statement;
        Scripts* scripts = checker->scripts;
        _cleanup_free_ char* name = NULL;

        if (n < 4 || n == SCRIPT_STATEMENT_MAX || !token_is(&tokens[0], "redef") ||
            tokens[1].type != TOKEN_IDENTIFIER || !token_is(&tokens[2], "="))
                return;
        name = token_copy(&tokens[1]);

        if (n == 5 && tokens[3].type == TOKEN_NUMBER && tokens[4].type == TOKEN_IDENTIFIER) {
                /* an interval: "1 hr" */
                _cleanup_free_ char* number = token_copy(&tokens[3]);
                _cleanup_free_ char* unit = token_copy(&tokens[4]);
                _cleanup_free_ char* interval = xasprintf("%s %s", number, unit);

                settings_put(scripts->settings, name, interval);
        } else if (n == 4 && (tokens[3].type == TOKEN_NUMBER || tokens[3].type == TOKEN_IDENTIFIER)) {
                _cleanup_free_ char* word = token_copy(&tokens[3]);

                settings_put(scripts->settings, name, word);
        } else {
                Value value = expression_evaluate(tokens + 3, n - 3, &scripts->world);

                settings_put(scripts->settings, name,
                             value.type == VALUE_BOOL ? (value.number != 0 ? "T" : "F") : value.text);
                value_done(&value);
        }
}

static int check_bracket(Checker* checker, const Token* token) {
        static const char opening[] = "({[", closing[] = ")}]";
        char c = token->text[0];

        if (token->type != TOKEN_PUNCTUATION || token->length != 1)
                return 0;
        if (strchr(opening, c)) {
                if (checker->n_brackets == SCRIPT_BRACKETS_MAX)
                        return error_at(checker, token, "memory exhausted");
                checker->brackets[checker->n_brackets++] = closing[strchr(opening, c) - opening];
        } else if (strchr(closing, c)) {
                if (checker->n_brackets == 0 || checker->brackets[checker->n_brackets - 1] != c)
                        return syntax_error(checker, token);
                checker->n_brackets--;
        }
        return 0;
}

static int check_token(Checker* checker, const Token* token) {
        int r;

        if (token->type == TOKEN_INVALID)
                return syntax_error(checker, token);
        r = check_bracket(checker, token);
        if (r < 0)
                return r;

        if (token_is(token, ";")) {
                if (current_branch(checker) == BRANCH_TAKEN)
                        take_redef(checker);
                checker->n_statement = 0;
        } else if (token_is(token, "{") || token_is(token, "}"))
                checker->n_statement = 0;
        else if (checker->n_statement < SCRIPT_STATEMENT_MAX)
                checker->statement[checker->n_statement++] = *token;
        return 0;
}

static int check_all(Checker* checker) {
        for (;;) {
                Token token = lexer_next(&checker->lexer);
                int r = 1;

                if (token.type == TOKEN_END) {
                        if (checker->n_branches > 0)
                                return error_at(checker, &token, "unbalanced @if... @endif");
                        if (checker->n_brackets > 0 || checker->n_statement > 0)
                                return syntax_error(checker, &token);
                        return 0;
                }
                if (token.type == TOKEN_DIRECTIVE)
                        r = check_directive(checker, &token);
                if (r > 0 && current_branch(checker) != BRANCH_SKIPPED)
                        r = check_token(checker, &token);
                if (r < 0)
                        return r;
        }
}

int script_check(Scripts* scripts, const char* file, const char* text, size_t size) {
        /* not on the stack: scripts nest */
        _cleanup_free_ Checker* checker = xnew0(Checker);

        checker->scripts = scripts;
        checker->file = file;
        lexer_init(&checker->lexer, text, size);
        return check_all(checker);
}
