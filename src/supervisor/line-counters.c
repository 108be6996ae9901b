/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/line-counters.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/file.h"

#define MAGIC UINT64_C(0x31656e696c6b657a) /* "zekline1" */

typedef struct CountersFile {
        LineCounters counters;
        uint64_t magic;
} CountersFile;

static int open_or_make(int directory_fd, const char* name) {
        static const CountersFile zeros = { .magic = MAGIC };
        int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int fd = openat(directory_fd, name, flags);
        int r;

        if (fd >= 0)
                return fd;
        if (errno == ELOOP) /* no file of ours */
                return -EBADMSG;
        if (errno != ENOENT)
                return -errno;
        /* Written whole: there is room for it later, however full the file system is then. */
        r = file_write_atomic(directory_fd, name, &zeros, sizeof zeros, 0600);
        if (r < 0)
                return r;
        fd = openat(directory_fd, name, flags);
        return fd < 0 ? -errno : fd;
}

int line_counters_open(int directory_fd, const char* name, KeptCounters** ret) {
        _cleanup_close_ int fd = open_or_make(directory_fd, name);
        CountersFile file;
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size != sizeof file || pread(fd, &file, sizeof file, 0) != sizeof file ||
            file.magic != MAGIC)
                return -EBADMSG;

        *ret = xnew0(KeptCounters);
        (*ret)->counters = file.counters;
        (*ret)->fd = take_fd(fd);
        return 0;
}

void line_counters_keep(KeptCounters* kept, const LineCounters* counters) {
        if (memcmp(&kept->counters, counters, sizeof *counters) == 0)
                return;
        kept->counters = *counters;
        /* all that can be wrong with a file that has its size already is that somebody has cut it */
        (void) !pwrite(kept->fd, counters, sizeof *counters, offsetof(CountersFile, counters));
}

KeptCounters* line_counters_close(KeptCounters* kept) {
        if (!kept)
                return NULL;

        (void) fd_close(kept->fd);
        free(kept);
        return NULL;
}
