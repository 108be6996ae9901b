/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/scope-name.h"
#include "util/alloc.h"
#include "util/file.h"

#define SCOPE_SUFFIX ".scope"
/* What systemd allows in the name of a unit without a template (systemd.unit(5)). */
#define UNIT_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\"
#define CGROUP_FILE_MAX 65536U

bool scope_name_is_valid(const char* name) {
        size_t length = strlen(name), suffix = strlen(SCOPE_SUFFIX);

        return length > suffix && length <= ORDER_SCOPE_NAME_MAX && strcmp(name + length - suffix, SCOPE_SUFFIX) == 0 &&
               name[0] != '.' && name[strspn(name, UNIT_NAME_CHARS)] == 0;
}

/* In the hierarchy of systemd, be it the unified one or not, a process of a unit is below a directory with the unit's
 * name. */
bool scope_has_process(const char* name, pid_t pid) {
        _cleanup_free_ char* text = NULL;
        char path[64];
        size_t length = strlen(name);

        (void) snprintf(path, sizeof path, "/proc/%i/cgroup", (int) pid);
        if (file_read_virtual(AT_FDCWD, path, CGROUP_FILE_MAX, &text) < 0)
                return false;
        for (const char* p = text; (p = strstr(p, name)); p += length)
                if (p > text && p[-1] == '/' && (p[length] == '/' || p[length] == '\n' || p[length] == 0))
                        return true;
        return false;
}
