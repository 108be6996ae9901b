/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* cmocka, with the headers it wants before it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) /* which makes system calls of its own */
#define SANITIZED true
#else
#define SANITIZED false
#endif
