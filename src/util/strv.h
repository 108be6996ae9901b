/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Vectors of strings: NULL-terminated arrays of owned strings. A NULL vector is an empty one. */

#include <stdbool.h>
#include <stddef.h>

#include "util/alloc.h"

char** strv_free(char** v);
DEFINE_CLEANUP(char**, strv_free)
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char* const* v);
char** strv_copy(char* const* v);
bool strv_equal(char* const* a, char* const* b);
bool strv_contains(char* const* v, const char* s);

/* Appends a copy of s. */
void strv_extend(char*** v, const char* s);
/* Appends s itself, taking ownership. */
void strv_consume(char*** v, char* s);
void strv_extendf(char*** v, const char* format, ...) _printf_(2, 3);
/* Appends copies of all strings of other. */
void strv_extend_strv(char*** v, char* const* other);

/* Splits at any of the separators; empty pieces are left out. */
char** strv_split(const char* s, const char* separators);
/* Joins with the separator between; "" for an empty vector. */
char* strv_join(char* const* v, const char* separator);

/* For environment blocks: appends NAME=value, taking the place of an earlier NAME=. */
void strv_env_set(char*** v, const char* name, const char* value);
/* The value of NAME in an environment block, or NULL. Points into v. */
const char* strv_env_get(char* const* v, const char* name);

#define STRV_FOREACH(s, v) for (char* const* s = (v); s && *s; s++)
