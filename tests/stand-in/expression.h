/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The value of the few expressions that decide what a node's scripts do: conditions of @if, and strings that
 * a redef puts together. What it does not know has no value, which is an answer and not an error. */

#include <stddef.h>

#include "stand-in/layout.h"
#include "stand-in/lexer.h"
#include "stand-in/settings.h"

typedef enum ValueType {
        VALUE_UNKNOWN,
        VALUE_BOOL,
        VALUE_NUMBER,
        VALUE_STRING,
        VALUE_WORD, /* an enumerator: Cluster::LOGGER */
} ValueType;

typedef struct Value {
        ValueType type;
        double number; /* of a bool too */
        char* text;
} Value;

/* What a script can ask about. */
typedef struct ScriptWorld {
        const char* node_name;     /* "" outside of a cluster */
        const Layout* layout;
        const LayoutNode* self;    /* NULL outside of a cluster, or when the layout lacks it */
        const Settings* settings;
} ScriptWorld;

Value expression_evaluate(const Token* tokens, size_t n, const ScriptWorld* world);
void value_done(Value* value);
