/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/strv.h"

char** strv_free(char** v) {
        STRV_FOREACH(s, v)
                free(*s);
        free(v);
        return NULL;
}

size_t strv_length(char* const* v) {
        size_t n = 0;

        STRV_FOREACH(s, v)
                n++;
        return n;
}

char** strv_copy(char* const* v) {
        char** copy = xcalloc(strv_length(v) + 1, sizeof(char*));
        size_t n = 0;

        STRV_FOREACH(s, v)
                copy[n++] = xstrdup(*s);
        return copy;
}

bool strv_equal(char* const* a, char* const* b) {
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (strcmp(a[i], b[i]) != 0)
                        return false;
        return true;
}

bool strv_contains(char* const* v, const char* s) {
        STRV_FOREACH(i, v)
                if (strcmp(*i, s) == 0)
                        return true;
        return false;
}

void strv_consume(char*** v, char* s) {
        size_t n = strv_length(*v);

        *v = xreallocarray(*v, n + 2, sizeof(char*));
        (*v)[n] = s;
        (*v)[n + 1] = NULL;
}

void strv_extend(char*** v, const char* s) {
        strv_consume(v, xstrdup(s));
}

void strv_extendf(char*** v, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        strv_consume(v, xvasprintf(format, ap));
        va_end(ap);
}

void strv_extend_strv(char*** v, char* const* other) {
        size_t n = strv_length(*v), m = strv_length(other);

        *v = xreallocarray(*v, n + m + 1, sizeof(char*));
        for (size_t i = 0; i < m; i++)
                (*v)[n + i] = xstrdup(other[i]);
        (*v)[n + m] = NULL;
}

char** strv_split(const char* s, const char* separators) {
        char** v = xcalloc(1, sizeof(char*));

        for (;;) {
                s += strspn(s, separators);
                if (!*s)
                        return v;

                size_t length = strcspn(s, separators);
                strv_consume(&v, xstrndup(s, length));
                s += length;
        }
}

char* strv_join(char* const* v, const char* separator) {
        size_t size = 1, gap = strlen(separator);

        STRV_FOREACH(s, v)
                size += strlen(*s) + gap;

        char* joined = xcalloc(size, 1);
        char* p = joined;

        STRV_FOREACH(s, v) {
                if (s != v)
                        p = stpcpy(p, separator);
                p = stpcpy(p, *s);
        }
        return joined;
}

static char** env_find(char* const* v, const char* name) {
        size_t length = strlen(name);

        STRV_FOREACH(s, v)
                if (strncmp(*s, name, length) == 0 && (*s)[length] == '=')
                        return (char**) s;
        return NULL;
}

void strv_env_set(char*** v, const char* name, const char* value) {
        char** found = env_find(*v, name);
        char* assignment = xasprintf("%s=%s", name, value);

        if (found)
                free_and_replace(*found, assignment);
        else
                strv_consume(v, assignment);
}

const char* strv_env_get(char* const* v, const char* name) {
        char** found = env_find(v, name);

        return found ? *found + strlen(name) + 1 : NULL;
}
