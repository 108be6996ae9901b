/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Memory that is always there.
 *
 * Small allocations are not checked one by one: when memory is out, the daemon says so and aborts. That is the
 * safe answer here, because the end of a daemon touches no node and the next one adopts them all, while code
 * that runs on with half an object does not. It is sound only because everything that a client, a file or a
 * node can make grow is limited *before* memory is taken for it. */

#include <stdarg.h>
#include <stdlib.h>

#include "util/macro.h"

void* xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void* xreallocarray(void* p, size_t n, size_t size) __attribute__((returns_nonnull));
char* xstrdup(const char* s) __attribute__((malloc, returns_nonnull));
/* xstrdup() that keeps NULL as NULL. */
char* xstrdup_or_null(const char* s);
char* xstrndup(const char* s, size_t n) __attribute__((malloc, returns_nonnull));
void* xmemdup(const void* p, size_t n) __attribute__((malloc, returns_nonnull));
char* xasprintf(const char* format, ...) _printf_(1, 2) __attribute__((malloc, returns_nonnull));
char* xvasprintf(const char* format, va_list ap) _printf_(1, 0) __attribute__((malloc, returns_nonnull));

#define xnew0(type) ((type*) xcalloc(1, sizeof(type)))

/* Room for one more element behind the n that the array has; grows by doubling. */
#define GROW(array, n, allocated)                                                              \
        do {                                                                                   \
                if ((n) >= (allocated)) {                                                      \
                        (allocated) = (allocated) == 0 ? 8 : (allocated) * 2;                  \
                        (array) = xreallocarray((array), (allocated), sizeof((array)[0]));     \
                }                                                                              \
        } while (0)

static inline void freep(void* p) {
        free(*(void**) p);
}

#define _cleanup_free_ _cleanup_(freep)

/* Frees *p and puts value in its place, taking ownership of it. */
#define free_and_replace(p, value)              \
        do {                                    \
                typeof(p) _new = (value);       \
                free(p);                        \
                (p) = _new;                     \
        } while (0)
