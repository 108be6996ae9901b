/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Figures as people read them, in the manner of systemctl. All texts are allocated. */

#include "util/alloc.h"
#include "util/usec.h"

/* "512B", "12.3M": to the base 1024. */
char* format_bytes(uint64_t bytes);

/* The two largest units of a span: "1 week 2 days", "3h 2min", "7s"; "0s" for less than a second. */
char* format_span(usec_t span);

/* "3h 2min ago", "in 7s", "now". */
char* format_relative(usec_t time, usec_t now);

/* CPU time: "0.3s", "59.9s", then as a span. */
char* format_cpu_time(uint64_t nsec);

/* "Sun 2026-11-29 22:00:52 UTC", in the time zone of who reads it. */
char* format_timestamp(usec_t time);
/* "Nov 29 22:00:52.123", for a line of many. */
char* format_moment(usec_t time);
