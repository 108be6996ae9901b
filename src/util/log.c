/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"
#include "util/parse.h"

/* Longer lines are cut; no text of ours comes near it, but names in it may. */
#define LOG_LINE_MAX 2048

static int max_level = LOG_INFO;
static unsigned n_dropped;

static const char* const level_table[] = {
        [LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",   [LOG_CRIT] = "crit", [LOG_ERR] = "err",
        [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

void log_set_max_level(int level) {
        assert(level >= LOG_EMERG && level <= LOG_DEBUG);
        max_level = level;
}

int log_level_from_string(const char* s) {
        int64_t number;

        for (size_t i = 0; i < ELEMENTSOF(level_table); i++)
                if (strcmp(level_table[i], s) == 0)
                        return (int) i;
        return parse_int_range(s, LOG_EMERG, LOG_DEBUG, &number) < 0 ? -EINVAL : (int) number;
}

static bool stderr_is_socket(void) {
        static int cached = -1;
        struct stat st;

        if (cached < 0)
                cached = fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
        return cached;
}

static bool write_line(int level, const char* text) {
        char line[LOG_LINE_MAX + 8];
        int length;

        if (!stderr_is_socket()) {
                (void) fprintf(stderr, "%s\n", text);
                return true;
        }

        length = snprintf(line, sizeof line, "<%d>%s\n", level, text);
        return send(STDERR_FILENO, line, (size_t) length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}

int log_full(int level, int error, const char* format, ...) {
        int saved_errno = errno;
        char text[LOG_LINE_MAX];
        va_list ap;

        if (level <= max_level) {
                errno = error < 0 ? -error : saved_errno;
                va_start(ap, format);
                (void) vsnprintf(text, sizeof text, format, ap);
                va_end(ap);

                if (n_dropped > 0) {
                        char notice[80];

                        (void) snprintf(notice, sizeof notice, "%u messages were dropped, the journal did not take them",
                                        n_dropped);
                        if (write_line(LOG_WARNING, notice))
                                n_dropped = 0;
                }
                if (!write_line(level, text))
                        n_dropped++;
        }

        errno = saved_errno;
        return error < 0 ? error : 0;
}
