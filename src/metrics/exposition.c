/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "metrics/exposition.h"
#include "util/alloc.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

/* What a double holds exactly. */
#define INTEGER_MAX 9007199254740992.0

typedef struct Type {
        const char* name;
        const char* older;  /* what comes closest to it in the older text */
        const char* suffix; /* which the older text has in the name of the family */
} Type;

static const Type types[] = {
        { "counter", "counter", "_total" }, { "gauge", "gauge", "" },    { "histogram", "histogram", "" },
        { "info", "gauge", "_info" },       { "stateset", "gauge", "" }, { "unknown", "untyped", "" },
};

void exposition_done(Exposition* e) {
        free(e->text);
        free(e->family);
        *e = (Exposition) {};
}

static void add_bytes(Exposition* e, const char* bytes, size_t size) {
        if (e->allocated - e->size <= size) {
                e->allocated = (e->size + size + 1) * 2;
                e->text = xreallocarray(e->text, e->allocated, 1);
        }
        memcpy(e->text + e->size, bytes, size);
        e->size += size;
        e->text[e->size] = 0;
}

static void add(Exposition* e, const char* text) {
        add_bytes(e, text, strlen(text));
}

static void add_escaped(Exposition* e, const char* text, bool quotes) {
        for (const char* p = text; *p; p++)
                if (*p == '\\')
                        add(e, "\\\\");
                else if (*p == '\n')
                        add(e, "\\n");
                else if (*p == '"' && quotes)
                        add(e, "\\\"");
                else
                        add_bytes(e, p, 1);
}

static bool is_name(const char* name) {
        return *name && !strchr(DIGITS, *name) && !name[strspn(name, LETTERS DIGITS)];
}

static const Type* find_type(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strcmp(types[i].name, name) == 0)
                        return &types[i];
        return NULL;
}

static bool ends_with_unit(const char* name, const char* unit) {
        size_t n = strlen(name), m = strlen(unit);

        return is_name(unit) && n > m + 1 && name[n - m - 1] == '_' && strcmp(name + n - m, unit) == 0;
}

static void add_line(Exposition* e, const char* what, const char* name, const char* suffix, const char* text, bool quotes) {
        add(e, "# ");
        add(e, what);
        add(e, " ");
        add(e, name);
        add(e, suffix);
        add(e, " ");
        add_escaped(e, text, quotes);
        add(e, "\n");
}

void exposition_family(Exposition* e, const char* name, const char* type_name, const char* unit, const char* help) {
        const Type* type = find_type(type_name);
        const char* suffix;

        free_and_replace(e->family, NULL);
        if (!type || !is_name(name) || (*unit && !ends_with_unit(name, unit)))
                return;

        e->family = xstrdup(name);
        suffix = e->openmetrics ? "" : type->suffix;
        add_line(e, "HELP", name, suffix, help, e->openmetrics);
        add_line(e, "TYPE", name, suffix, e->openmetrics ? type->name : type->older, false);
        if (e->openmetrics && *unit)
                add_line(e, "UNIT", name, suffix, unit, false);
}

static void add_number(Exposition* e, double value) {
        char text[40];

        if (isnan(value))
                add(e, "NaN");
        else if (isinf(value))
                add(e, value > 0 ? "+Inf" : "-Inf");
        else {
                bool is_integer = fabs(value) <= INTEGER_MAX && value == trunc(value);

                (void) snprintf(text, sizeof text, is_integer ? "%.0f" : "%.17g", value);
                add(e, text);
        }
}

void exposition_sample(Exposition* e, const char* suffix, const Label* labels, size_t n_labels, double value) {
        if (!e->family || suffix[strspn(suffix, LETTERS DIGITS)])
                return;
        for (size_t i = 0; i < n_labels; i++)
                if (!is_name(labels[i].name))
                        return;

        add(e, e->family);
        add(e, suffix);
        for (size_t i = 0; i < n_labels; i++) {
                add(e, i == 0 ? "{" : ",");
                add(e, labels[i].name);
                add(e, "=\"");
                add_escaped(e, labels[i].value, true);
                add(e, "\"");
        }
        add(e, n_labels > 0 ? "} " : " ");
        add_number(e, value);
        add(e, "\n");
}

void exposition_end(Exposition* e) {
        if (e->openmetrics)
                add(e, "# EOF\n");
}

const char* exposition_content_type(bool openmetrics) {
        return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" :
                             "text/plain; version=0.0.4; charset=utf-8";
}
