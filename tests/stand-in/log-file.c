/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "stand-in/log-file.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"

static int open_log(LogFile* log) {
        _cleanup_free_ char* name = xasprintf("%s.log", log->path);
        _cleanup_free_ char* now = NULL;
        int r;

        log->opened = time(NULL);
        r = rotation_write_shadow(log->rotation, log->path, log->opened);
        if (r < 0)
                return r;

        log->file = fopen(name, "we");
        if (!log->file)
                return report_error(NULL, "cannot open %s: %s", name, strerror(errno));

        now = rotation_format_time(log->opened);
        (void) fprintf(log->file,
                       "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
                       "#path\t%s\n#open\t%s\n#fields\t%s\n#types\t%s\n",
                       log->path, now, log->fields, log->types);
        return 0;
}

int log_file_write(LogFile* log, const char* format, ...) {
        va_list ap;

        if (!log->file) {
                int r = open_log(log);

                if (r < 0)
                        return r;
        }

        va_start(ap, format);
        (void) vfprintf(log->file, format, ap);
        va_end(ap);
        (void) fputc('\n', log->file);
        return ferror(log->file) ? -EIO : 0;
}

int log_file_flush(LogFile* log) {
        if (log->file && fflush(log->file) < 0)
                return report_error(NULL, "error writing to %s.log: %s", log->path, strerror(errno));
        return 0;
}

int log_file_end(LogFile* log, bool terminating) {
        time_t closed = time(NULL);
        _cleanup_free_ char* now = rotation_format_time(closed);
        bool failed;
        int r = 0;

        if (!log->file)
                return 0;

        (void) fprintf(log->file, "#close\t%s\n", now);
        failed = ferror(log->file);
        failed = fclose(log->file) < 0 || failed;
        log->file = NULL;
        if (failed)
                r = report_error(NULL, "error writing to %s.log", log->path);

        if (log->rotation->interval > 0 &&
            rotation_move(log->rotation, log->path, log->opened, closed, terminating) < 0)
                r = -EIO;
        rotation_remove_shadow(log->rotation, log->path);
        return r;
}
