/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stand-in/version.h"
#include "util/alloc.h"
#include "util/file.h"

void version_set(Version* version, const char* text) {
        unsigned major = 0, minor = 0;

        (void) snprintf(version->text, sizeof version->text, "%.*s", (int) strcspn(text, "\r\n"), text);
        if (sscanf(version->text, "%3u.%3u", &major, &minor) != 2)
                major = minor = 0;
        version->major = major;
        version->minor = minor;
}

int version_read(Version* ret) {
        _cleanup_free_ char* path = NULL;
        _cleanup_free_ char* text = NULL;
        char executable[PATH_MAX];
        int r;

        ssize_t n = readlink("/proc/self/exe", executable, sizeof executable - 1);
        if (n < 0)
                return -errno;
        executable[n] = 0;

        path = xasprintf("%s.version", executable);
        r = file_read(AT_FDCWD, path, ZEEK_VERSION_LENGTH_MAX - 1, &text, NULL);
        if (r < 0 && r != -ENOENT)
                return r;

        version_set(ret, text ? text : ZEEK_DEFAULT_VERSION);
        return 0;
}

bool version_is_known(const Version* version) {
        return version->major > 0;
}

bool version_has(const Version* version, unsigned since, unsigned until) {
        if (!version_is_known(version))
                return since == ZEEK_SERIES_ANY && until == ZEEK_SERIES_NONE;

        unsigned series = ZEEK_SERIES(version->major, version->minor);
        return series >= since && series < until;
}
