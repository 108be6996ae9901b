/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stand-in/process.h"
#include "stand-in/reporter.h"
#include "stand-in/rotation.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/file.h"

#define SHADOW_PREFIX ".shadow."
#define LOG_SUFFIX ".log"

Rotation rotation_from_settings(const Settings* settings, const Layout* layout, const LayoutNode* self) {
        bool logger = self && layout_is_logger(layout, self);
        const char* function = settings_get_string(settings, "Log::rotation_format_func", "");

        /* workers and proxies of a real cluster have no logs of their own, so there is nothing to rotate */
        return (Rotation) {
                .interval =
                        settings_get_interval(settings, "Log::default_rotation_interval", logger ? 3600 : 0),
                .directory = settings_get_string(settings, "Log::default_rotation_dir", ""),
                .command = settings_get_string(settings, "Log::default_rotation_postprocessor_cmd",
                                               logger ? "archive-log" : ""),
                .suffix = logger && layout_count(layout, "LOGGER") > 1 ? self->name : NULL,
                .archiver_names = strstr(function, "archiver_rotation_format_func"),
                .leftover = settings_get_bool(settings, "LogAscii::enable_leftover_log_rotation", false),
        };
}

static struct tm local_time(time_t t) {
        struct tm tm = {};

        (void) localtime_r(&t, &tm);
        return tm;
}

char* rotation_format_time(time_t t) {
        struct tm tm = local_time(t);

        return xasprintf("%04d-%02d-%02d-%02d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The form of Zeek's own rotated names. */
static char* format_time_short(time_t t) {
        struct tm tm = local_time(t);

        return xasprintf("%02d-%02d-%02d_%02d.%02d.%02d", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static char* rotated_name(const Rotation* rotation, const char* path, time_t opened, time_t closed) {
        _cleanup_free_ char* from = NULL;
        _cleanup_free_ char* to = NULL;

        if (!rotation->archiver_names) {
                from = format_time_short(opened);
                return xasprintf("%s-%s" LOG_SUFFIX, path, from);
        }
        from = rotation_format_time(opened);
        to = rotation_format_time(closed);
        if (rotation->suffix)
                return xasprintf("%s__%s__%s__log_suffix=%s__" LOG_SUFFIX, path, from, to, rotation->suffix);
        return xasprintf("%s__%s__%s__" LOG_SUFFIX, path, from, to);
}

static void run_postprocessor(const Rotation* rotation, const char* file, const char* path, time_t opened,
                              time_t closed, bool terminating) {
        _cleanup_free_ char* from = format_time_short(opened);
        _cleanup_free_ char* to = format_time_short(closed);
        _cleanup_free_ char* command =
                xasprintf("%s %s %s %s %s %d ascii", rotation->command, file, path, from, to, terminating);

        /* what becomes of it is the shell's to say, on the same stderr */
        (void) process_run_shell(command);
}

int rotation_move(const Rotation* rotation, const char* path, time_t opened, time_t closed,
                  bool terminating) {
        _cleanup_free_ char* source = xasprintf("%s" LOG_SUFFIX, path);
        _cleanup_free_ char* name = rotated_name(rotation, path, opened, closed);
        _cleanup_free_ char* target = NULL;
        int r;

        if (*rotation->directory) {
                r = directory_make(rotation->directory, 0777);
                if (r < 0)
                        return report_error(NULL, "Failed to create dir '%s': %s", rotation->directory,
                                            strerror(-r));
        }
        target = *rotation->directory ? xasprintf("%s/%s", rotation->directory, name) : take_ptr(name);

        if (rename(source, target) < 0)
                return report_error(NULL, "failed to rename %s to %s: %s", source, target, strerror(errno));
        if (*rotation->command)
                run_postprocessor(rotation, target, path, opened, closed, terminating);
        return 0;
}

static char* shadow_name(const char* path) {
        return xasprintf(SHADOW_PREFIX "%s" LOG_SUFFIX, path);
}

int rotation_write_shadow(const Rotation* rotation, const char* path, time_t opened) {
        _cleanup_free_ char* shadow = NULL;
        _cleanup_free_ char* line = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (!rotation->leftover)
                return 0;
        shadow = shadow_name(path);
        fd = open(shadow, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
                return report_error(NULL, "cannot open %s: %s", shadow, strerror(errno));
        line = xasprintf("%s\n\n%lld\n", LOG_SUFFIX, (long long) opened);
        return fd_write_all(fd, line, strlen(line));
}

void rotation_remove_shadow(const Rotation* rotation, const char* path) {
        _cleanup_free_ char* shadow = shadow_name(path);

        if (rotation->leftover)
                (void) unlink(shadow);
}

/* PATH, if name is that of a shadow file. */
static char* path_of_shadow(const char* name) {
        size_t prefix = strlen(SHADOW_PREFIX), suffix = strlen(LOG_SUFFIX), length = strlen(name);

        if (length <= prefix + suffix || strncmp(name, SHADOW_PREFIX, prefix) != 0 ||
            strcmp(name + length - suffix, LOG_SUFFIX) != 0)
                return NULL;
        return xstrndup(name + prefix, length - prefix - suffix);
}

static int move_leftover(const Rotation* rotation, const char* path) {
        _cleanup_free_ char* shadow = shadow_name(path);
        _cleanup_free_ char* log = xasprintf("%s" LOG_SUFFIX, path);
        struct stat shadow_stat, log_stat;

        if (stat(shadow, &shadow_stat) < 0)
                return 0;
        /* the log itself is gone already: only the mark is left */
        if (stat(log, &log_stat) >= 0) {
                int r = rotation_move(rotation, path, shadow_stat.st_mtime, log_stat.st_mtime, false);

                if (r < 0)
                        return r;
        }
        (void) unlink(shadow);
        return 0;
}

int rotation_move_leftovers(const Rotation* rotation) {
        struct dirent** entries = NULL;
        int r = 0;

        if (!rotation->leftover)
                return 0;

        int n = scandir(".", &entries, NULL, alphasort);
        if (n < 0)
                return report_error(NULL, "cannot read the working directory: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char* path = path_of_shadow(entries[i]->d_name);

                if (path && r >= 0)
                        r = move_leftover(rotation, path);
                free(entries[i]);
        }
        free(entries);
        return r;
}
