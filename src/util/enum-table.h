/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Enumerations and their words. An enum type has values 0 … _MAX-1 and _INVALID = -EINVAL; a table gives every
 * value its word, and these macros make the two conversions of it. */

#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define DECLARE_ENUM_TABLE(name, type)                  \
        const char* name##_to_string(type value) _const_; \
        type name##_from_string(const char* s) _pure_

/* Expects: static const char* const name_table[_MAX]. from_string gives -EINVAL for a word it does not know. */
#define DEFINE_ENUM_TABLE_SCOPED(scope, name, type)                                     \
        scope const char* name##_to_string(type value) {                                \
                if ((int) value < 0 || (size_t) value >= ELEMENTSOF(name##_table))      \
                        return NULL;                                                    \
                return name##_table[value];                                             \
        }                                                                               \
        scope type name##_from_string(const char* s) {                                  \
                for (size_t i = 0; s && i < ELEMENTSOF(name##_table); i++)              \
                        if (name##_table[i] && strcmp(name##_table[i], s) == 0)         \
                                return (type) i;                                        \
                return (type) -EINVAL;                                                  \
        }

#define DEFINE_ENUM_TABLE(name, type) DEFINE_ENUM_TABLE_SCOPED(, name, type)
#define DEFINE_STATIC_ENUM_TABLE(name, type) DEFINE_ENUM_TABLE_SCOPED(static, name, type)
