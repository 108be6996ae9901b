/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a Zeek says on its stderr, in Zeek's words: "error in FILE, line N: …", "fatal error: …", plain
 * lines with the network time before them. Each line is one write: those of several threads do not mix. */

#include <stdarg.h>
#include <stdbool.h>

#include "util/macro.h"

/* A place in a script. line 0: the text has no place. file is borrowed. */
typedef struct Location {
        const char* file;
        unsigned line;
} Location;

/* Seconds since the epoch as the packets tell it; 0 as long as there is none. */
void report_set_network_time(double network_time);

void report_info(const char* format, ...) _printf_(1, 2);
/* Both return -EINVAL, so that `return report_error(…)` reads well. where may be NULL. */
int report_error(const Location* where, const char* format, ...) _printf_(2, 3);
int report_fatal(const Location* where, const char* format, ...) _printf_(2, 3);

/* Has report_fatal() been called? Zeek then ends with another reason in its status file. */
bool report_was_fatal(void);

/* One line to any descriptor. What cannot be written is lost: nobody is left to be told. */
void write_line(int fd, const char* format, ...) _printf_(2, 3);
