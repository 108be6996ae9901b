/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Words that C lacks: scope-bound clean-up, visible hand-over of ownership, bounds. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Assertions state programmer errors, never input, and are always compiled in. */
#ifdef NDEBUG
#error "assertions stay on: build without NDEBUG"
#endif

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(text, first) __attribute__((format(printf, text, first)))
#define _unused_ __attribute__((unused))
#define _noreturn_ __attribute__((noreturn))
#define _const_ __attribute__((const))
#define _pure_ __attribute__((pure))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

/* Hands the pointer over: the source is NULL afterwards, so its clean-up attribute does nothing. */
#define take_ptr(pointer)                       \
        ({                                      \
                typeof(&(pointer)) _pp = &(pointer); \
                typeof(pointer) _p = *_pp;      \
                *_pp = NULL;                    \
                _p;                             \
        })

/* Defines f##p(), the clean-up function of a pointer whose destructor is f(). */
#define DEFINE_CLEANUP(type, f)                 \
        static inline void f##p(type* p) {      \
                if (*p)                         \
                        f(*p);                  \
        }

static inline size_t min_size(size_t a, size_t b) {
        return a < b ? a : b;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b) {
        return a > b ? a : b;
}

/* a + b, stopping at the largest value, which everywhere here means "never" or "no limit". */
static inline uint64_t saturating_add_u64(uint64_t a, uint64_t b) {
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
