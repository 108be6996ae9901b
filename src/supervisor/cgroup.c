/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/cgroup.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/usec.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_FILE_MAX 65536U
#define CGROUP_PROCS_MAX (1024U * 1024)

int cgroup_of_pid(uint32_t pid, char** ret) {
        _cleanup_free_ char* path = xasprintf("/proc/%u/cgroup", pid);
        _cleanup_free_ char* content = NULL;
        int r;

        r = file_read_virtual(AT_FDCWD, path, CGROUP_FILE_MAX, &content);
        if (r < 0)
                return r;

        for (char *line = content, *end; *line; line = end) {
                end = strchrnul(line, '\n');
                if (*end)
                        *end++ = 0;
                if (strncmp(line, "0::", 3) == 0) {
                        *ret = xstrdup(line + 3);
                        return 0;
                }
        }
        return -ENODATA;
}

static uint64_t read_number(int dir_fd, const char* name) {
        _cleanup_free_ char* content = NULL;
        uint64_t value;

        if (file_read_virtual(dir_fd, name, CGROUP_FILE_MAX, &content) < 0)
                return FIGURE_UNKNOWN;
        content[strcspn(content, "\n")] = 0;
        return parse_u64(content, &value) < 0 ? FIGURE_UNKNOWN : value;
}

static uint64_t read_cpu_usage(int dir_fd) {
        static const char key[] = "usage_usec ";
        _cleanup_free_ char* content = NULL;
        uint64_t usec;

        if (file_read_virtual(dir_fd, "cpu.stat", CGROUP_FILE_MAX, &content) < 0)
                return FIGURE_UNKNOWN;

        char* value = strstr(content, key);
        if (!value)
                return FIGURE_UNKNOWN;
        value += strlen(key);
        value[strcspn(value, "\n")] = 0;
        return parse_u64(value, &usec) < 0 ? FIGURE_UNKNOWN : usec * 1000;
}

void cgroup_read_figures(const char* cgroup, CgroupFigures* ret) {
        _cleanup_free_ char* path = cgroup ? xasprintf("%s%s", CGROUP_ROOT, cgroup) : NULL;
        _cleanup_close_ int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

        *ret = (CgroupFigures) { FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN };
        if (fd < 0)
                return;

        ret->memory_current = read_number(fd, "memory.current");
        ret->tasks_current = read_number(fd, "pids.current");
        ret->cpu_usage_nsec = read_cpu_usage(fd);
}

uint32_t cgroup_first_pid(const char* cgroup) {
        _cleanup_free_ char* path = xasprintf("%s%s/cgroup.procs", CGROUP_ROOT, cgroup);
        _cleanup_free_ char* content = NULL;
        uint64_t pid;

        if (file_read_virtual(AT_FDCWD, path, CGROUP_PROCS_MAX, &content) < 0)
                return 0;
        /* the kernel sorts them; before a pid has wrapped around, the smallest is the oldest */
        content[strcspn(content, "\n")] = 0;
        return parse_u64(content, &pid) < 0 ? 0 : (uint32_t) pid;
}

bool cgroup_exists(const char* cgroup) {
        _cleanup_free_ char* path = xasprintf("%s%s", CGROUP_ROOT, cgroup);

        return access(path, F_OK) == 0;
}

char** cgroup_children(const char* cgroup) {
        _cleanup_free_ char* path = xasprintf("%s%s", CGROUP_ROOT, cgroup);
        DIR* directory = opendir(path);
        struct dirent* entry;
        char** names = NULL;

        if (!directory)
                return NULL;
        while ((entry = readdir(directory)))
                if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                        strv_extend(&names, entry->d_name);
        (void) closedir(directory);
        return names;
}

char* cgroup_of_manager(bool user_mode) {
        _cleanup_free_ char* own = NULL;
        char* end;

        if (!user_mode || cgroup_of_pid((uint32_t) getpid(), &own) < 0)
                return xstrdup("");

        /* …/user@1000.service/app.slice/… */
        end = strstr(own, "/user@");
        if (!end)
                return xstrdup("");
        return xstrndup(own, (size_t) (strchrnul(end + 1, '/') - own));
}
