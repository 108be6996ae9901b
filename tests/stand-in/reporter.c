/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/fd.h"

static double network_time;
static bool was_fatal;

void report_set_network_time(double now) {
        network_time = now;
}

bool report_was_fatal(void) {
        return was_fatal;
}

static void write_text_line(int fd, const char* text) {
        _cleanup_free_ char* line = xasprintf("%s\n", text);

        (void) fd_write_all(fd, line, strlen(line));
}

void write_line(int fd, const char* format, ...) {
        _cleanup_free_ char* text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        write_text_line(fd, text);
}

static _printf_(3, 0) void report(const char* severity, const Location* where, const char* format,
                                  va_list ap) {
        _cleanup_free_ char* text = xvasprintf(format, ap);
        _cleanup_free_ char* line = NULL;

        if (where && where->line > 0)
                line = xasprintf("%s in %s, line %u: %s", severity, where->file, where->line, text);
        else
                line = xasprintf("%s: %s", severity, text);

        if (network_time > 0)
                write_line(STDERR_FILENO, "%.6f %s", network_time, line);
        else
                write_text_line(STDERR_FILENO, line);
}

void report_info(const char* format, ...) {
        _cleanup_free_ char* text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);

        if (network_time > 0)
                write_line(STDERR_FILENO, "%.6f %s", network_time, text);
        else
                write_text_line(STDERR_FILENO, text);
}

int report_error(const Location* where, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        report("error", where, format, ap);
        va_end(ap);
        return -EINVAL;
}

int report_fatal(const Location* where, const char* format, ...) {
        va_list ap;

        va_start(ap, format);
        report("fatal error", where, format, ap);
        va_end(ap);
        was_fatal = true;
        return -EINVAL;
}
