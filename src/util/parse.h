/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Strict parsing of values as systemd writes them. All return 0, or -EINVAL for what is not such a value,
 * or -ERANGE for one that does not fit; *ret is untouched then. Nothing is skipped but surrounding blanks where
 * said. */

#include <stdbool.h>
#include <stdint.h>

#include "util/usec.h"

/* 1 yes y true t on / 0 no n false f off, in any case (systemd.syntax(7)). */
int parse_bool(const char* s, bool* ret);

/* Decimal, no sign for the unsigned one, no blanks. */
int parse_u64(const char* s, uint64_t* ret);
int parse_i64(const char* s, int64_t* ret);
int parse_int_range(const char* s, int64_t min, int64_t max, int64_t* ret);
/* Octal, at most max. */
int parse_mode(const char* s, unsigned max, unsigned* ret);

/* A signal: "SIGKILL", "KILL", "9". */
int parse_signal_name(const char* s, int* ret);

/* A time span: "90", "1min 30s", "1.5h", "infinity"; a bare number is seconds (systemd.time(7)). */
int parse_sec(const char* s, usec_t* ret);

/* A size in bytes with the suffixes K M G T P E to the base 1024, or "infinity" (UINT64_MAX). */
int parse_size(const char* s, uint64_t* ret);

/* "150%" → 1,500,000 µs of CPU time a second, as CPUQuota= means it. Empty and "infinity": UINT64_MAX. */
int parse_cpu_quota(const char* s, uint64_t* ret);

/* A list of CPU numbers and ranges, "0-3,8 10": checks the syntax and that no number exceeds max.
 * ret_mask, if not NULL, receives the bits in systemd's form (bit n of byte n/8), *ret_size its length. */
int parse_cpu_set(const char* s, unsigned max, uint8_t** ret_mask, size_t* ret_size);
