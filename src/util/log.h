/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a daemon says about itself, on stderr.
 *
 * Under systemd stderr is a stream to the journal and every line carries its level as a "<N>" prefix
 * (sd-daemon(3)); on a terminal the text stands alone. A stopped journal must not stop the loop, so a line that
 * the stream does not take at once is dropped and counted, and the next line that passes says how many went
 * missing. Events in the life of nodes do not go this way: they are journal entries with fields of their own. */

#include <syslog.h>

#include "util/macro.h"

/* The lines of this level and more important ones are said; LOG_INFO from the start. */
void log_set_max_level(int level);

/* A level as LogLevel= writes it: emerg … debug, or 0 … 7. -EINVAL. */
int log_level_from_string(const char* s);

/* Formats with errno set to -error, so that %m names it. Returns error if negative, else 0: the idiom is
 * `return log_error_errno(r, "Failed to …: %m")`. */
int log_full(int level, int error, const char* format, ...) _printf_(3, 4);

#define log_debug(...) ((void) log_full(LOG_DEBUG, 0, __VA_ARGS__))
#define log_info(...) ((void) log_full(LOG_INFO, 0, __VA_ARGS__))
#define log_notice(...) ((void) log_full(LOG_NOTICE, 0, __VA_ARGS__))
#define log_warning(...) ((void) log_full(LOG_WARNING, 0, __VA_ARGS__))
#define log_error(...) ((void) log_full(LOG_ERR, 0, __VA_ARGS__))
#define log_debug_errno(error, ...) log_full(LOG_DEBUG, (error), __VA_ARGS__)
#define log_info_errno(error, ...) log_full(LOG_INFO, (error), __VA_ARGS__)
#define log_warning_errno(error, ...) log_full(LOG_WARNING, (error), __VA_ARGS__)
#define log_error_errno(error, ...) log_full(LOG_ERR, (error), __VA_ARGS__)
