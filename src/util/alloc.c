/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "util/alloc.h"

static _noreturn_ void out_of_memory(void) {
        static const char message[] = "<2>Out of memory, giving up; nodes run on and the next start adopts them\n";

        (void) fwrite(message, 1, sizeof message - 1, stderr);
        abort();
}

static void* checked(void* p) {
        if (!p)
                out_of_memory();
        return p;
}

void* xcalloc(size_t n, size_t size) {
        return checked(calloc(n ? n : 1, size ? size : 1));
}

void* xreallocarray(void* p, size_t n, size_t size) {
        return checked(reallocarray(p, n ? n : 1, size ? size : 1));
}

char* xstrdup(const char* s) {
        assert(s);
        return checked(strdup(s));
}

char* xstrdup_or_null(const char* s) {
        return s ? xstrdup(s) : NULL;
}

char* xstrndup(const char* s, size_t n) {
        assert(s);
        return checked(strndup(s, n));
}

void* xmemdup(const void* p, size_t n) {
        void* copy = checked(malloc(n ? n : 1));

        if (n > 0)
                memcpy(copy, p, n);
        return copy;
}

char* xvasprintf(const char* format, va_list ap) {
        char* s = NULL;

        if (vasprintf(&s, format, ap) < 0)
                out_of_memory();
        return s;
}

char* xasprintf(const char* format, ...) {
        va_list ap;
        char* s;

        va_start(ap, format);
        s = xvasprintf(format, ap);
        va_end(ap);
        return s;
}
