/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "stand-in/expression.h"
#include "util/alloc.h"

#define NESTING_MAX 64
#define ARGUMENTS_MAX 16

typedef struct Evaluator {
        const Token* next;
        const Token* end;
        const ScriptWorld* world;
        unsigned nesting;
} Evaluator;

static Value evaluate(Evaluator* evaluator, unsigned level);

void value_done(Value* value) {
        free(value->text);
        *value = (Value) {};
}

static Value unknown(void) {
        return (Value) {};
}

static Value boolean(bool value) {
        return (Value) { .type = VALUE_BOOL, .number = value };
}

static Value string(const char* text) {
        return (Value) { .type = VALUE_STRING, .text = xstrdup(text) };
}

static bool next_is(const Evaluator* evaluator, const char* text) {
        return evaluator->next < evaluator->end && token_is(evaluator->next, text);
}

static bool take(Evaluator* evaluator, const char* text) {
        if (!next_is(evaluator, text))
                return false;
        evaluator->next++;
        return true;
}

/* a + b for strings; takes both. */
static Value join(Value a, Value b, const char* between) {
        Value joined = {};

        if (a.type == VALUE_STRING && b.type == VALUE_STRING)
                joined = (Value) { .type = VALUE_STRING,
                                  .text = xasprintf("%s%s%s", a.text, between, b.text) };
        value_done(&a);
        value_done(&b);
        return joined;
}

static Value call(const char* name, Value* arguments, size_t n, const ScriptWorld* world) {
        if (strcmp(name, "Cluster::is_enabled") == 0 && n == 0)
                return boolean(*world->node_name);
        if ((strcmp(name, "Supervisor::is_supervised") == 0 ||
             strcmp(name, "Supervisor::is_supervisor") == 0) &&
            n == 0)
                return boolean(false);
        if (strcmp(name, "Cluster::local_node_type") == 0 && n == 0)
                return (Value) { .type = VALUE_WORD,
                                .text = xasprintf("Cluster::%s",
                                                  world->self ? world->self->node_type : "NONE") };
        if (strcmp(name, "getenv") == 0 && n == 1 && arguments[0].type == VALUE_STRING) {
                const char* value = getenv(arguments[0].text);

                return string(value ? value : "");
        }
        if (strcmp(name, "Cluster::get_node_count") == 0 && n == 1 && arguments[0].type == VALUE_WORD &&
            world->layout && strncmp(arguments[0].text, "Cluster::", 9) == 0)
                return (Value) { .type = VALUE_NUMBER,
                                 .number = (double) layout_count(world->layout, arguments[0].text + 9) };
        if ((strcmp(name, "cat") == 0 || strcmp(name, "build_path") == 0) && n == 2) {
                Value joined = join(arguments[0], arguments[1], strcmp(name, "cat") == 0 ? "" : "/");

                arguments[0] = arguments[1] = unknown();
                return joined;
        }
        return unknown();
}

/* The arguments of a call, its opening parenthesis being taken already. */
static Value evaluate_call(Evaluator* evaluator, const char* name) {
        Value arguments[ARGUMENTS_MAX] = {};
        Value result = {};
        size_t n = 0;
        bool good = true;

        while (good && !next_is(evaluator, ")")) {
                if (n == ARGUMENTS_MAX || (n > 0 && !take(evaluator, ",")))
                        good = false;
                else {
                        const Token* before = evaluator->next;

                        arguments[n++] = evaluate(evaluator, 0);
                        good = evaluator->next > before;
                }
        }
        if (good && take(evaluator, ")"))
                result = call(name, arguments, n, evaluator->world);

        for (size_t i = 0; i < n; i++)
                value_done(&arguments[i]);
        return result;
}

static bool is_enumerator(const char* name) {
        return strncmp(name, "Cluster::", 9) == 0 && name[9] >= 'A' && name[9] <= 'Z';
}

static Value evaluate_identifier(Evaluator* evaluator) {
        _cleanup_free_ char* name = token_copy(evaluator->next++);
        const ScriptWorld* world = evaluator->world;

        if (take(evaluator, "("))
                return evaluate_call(evaluator, name);
        if (strcmp(name, "T") == 0 || strcmp(name, "F") == 0)
                return boolean(*name == 'T');
        if (strcmp(name, "Cluster::node") == 0)
                return string(world->node_name);
        if (strcmp(name, "Cluster::manager_is_logger") == 0)
                return boolean(!world->layout || world->layout->manager_is_logger);
        if (is_enumerator(name))
                return (Value) { .type = VALUE_WORD, .text = take_ptr(name) };

        const char* setting = settings_get(world->settings, name);
        return setting ? string(setting) : unknown();
}

static Value evaluate_primary(Evaluator* evaluator) {
        Value value = {};

        if (evaluator->next == evaluator->end || evaluator->nesting >= NESTING_MAX)
                return unknown();

        evaluator->nesting++;
        if (take(evaluator, "(")) {
                value = evaluate(evaluator, 0);
                if (!take(evaluator, ")"))
                        value_done(&value);
        } else if (take(evaluator, "!")) {
                value = evaluate_primary(evaluator);
                if (value.type == VALUE_BOOL)
                        value.number = !value.number;
                else
                        value_done(&value);
        } else if (evaluator->next->type == TOKEN_IDENTIFIER)
                value = evaluate_identifier(evaluator);
        else if (evaluator->next->type == TOKEN_STRING) {
                if (token_unquote(evaluator->next++, &value.text) >= 0)
                        value.type = VALUE_STRING;
        } else if (evaluator->next->type == TOKEN_NUMBER) {
                _cleanup_free_ char* text = token_copy(evaluator->next++);
                char* end;

                value.number = strtod(text, &end);
                if (!*end)
                        value.type = VALUE_NUMBER;
        }
        evaluator->nesting--;
        return value;
}

static Value compare(const char* operator, const Value* a, const Value* b) {
        if (a->type != b->type || a->type == VALUE_UNKNOWN)
                return unknown();

        int order = a->text && b->text ? strcmp(a->text, b->text) :
                                         (a->number > b->number) - (a->number < b->number);
        if (strcmp(operator, "==") == 0)
                return boolean(order == 0);
        if (strcmp(operator, "!=") == 0)
                return boolean(order != 0);
        if (strcmp(operator, "<") == 0)
                return boolean(order < 0);
        if (strcmp(operator, ">") == 0)
                return boolean(order > 0);
        if (strcmp(operator, "<=") == 0)
                return boolean(order <= 0);
        return boolean(order >= 0);
}

/* With one side unknown, the other may still decide: F && ? is F, T || ? is T. */
static Value combine(const char* operator, const Value* a, const Value* b) {
        bool decisive = strcmp(operator, "||") == 0;

        if ((a->type == VALUE_BOOL && (a->number != 0) == decisive) ||
            (b->type == VALUE_BOOL && (b->number != 0) == decisive))
                return boolean(decisive);
        if (a->type == VALUE_BOOL && b->type == VALUE_BOOL)
                return boolean(!decisive);
        return unknown();
}

static Value apply(const char* operator, Value* a, Value* b) {
        Value result;

        if (strcmp(operator, "+") == 0) {
                result = join(*a, *b, "");
                *a = *b = unknown();
                return result;
        }

        if (strcmp(operator, "||") == 0 || strcmp(operator, "&&") == 0)
                result = combine(operator, a, b);
        else
                result = compare(operator, a, b);
        value_done(a);
        value_done(b);
        return result;
}

static Value evaluate(Evaluator* evaluator, unsigned level) {
        static const char* const operators[][7] = {
                { "||" }, { "&&" }, { "==", "!=", "<", ">", "<=", ">=" }, { "+" },
        };

        if (level == ELEMENTSOF(operators))
                return evaluate_primary(evaluator);

        Value value = evaluate(evaluator, level + 1);
        for (;;) {
                const char* operator = NULL;

                for (size_t i = 0; operators[level][i] && !operator; i++)
                        if (take(evaluator, operators[level][i]))
                                operator = operators[level][i];
                if (!operator)
                        return value;

                Value right = evaluate(evaluator, level + 1);
                value = apply(operator, &value, &right);
        }
}

Value expression_evaluate(const Token* tokens, size_t n, const ScriptWorld* world) {
        Evaluator evaluator = { .next = tokens, .end = tokens + n, .world = world };
        Value value = evaluate(&evaluator, 0);

        /* something behind it that is not understood may change all of it */
        if (evaluator.next < evaluator.end)
                value_done(&value);
        return value;
}
