/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What becomes of a system call that a node makes: a number above zero is an errno that it fails with, the others are
 * these. The same numbers are in what the stem says of a call. */

#include <stdbool.h>

#include "util/macro.h"

#define VERDICT_ALLOW 0
#define VERDICT_KILL (-1) /* the process is killed */
#define VERDICT_LOG (-2)  /* it is let through, and reported */

/* The largest errno that a system call can return (MAX_ERRNO of the kernel). */
#define VERDICT_ERRNO_MAX 4095

bool verdict_is_valid(int verdict) _const_;

/* "allow", "kill", "log", the name of an errno, or its number where it has none. The caller frees it. */
char* verdict_to_string(int verdict);
/* The same back; 0, or -EINVAL for a word that is none. *ret is untouched then. */
int verdict_from_string(const char* s, int* ret);
