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

#define MAGIC UINT64_C(0x31656e696c6b657a) /* "zekline1" */

typedef struct CountersFile {
        LineCounters counters;
        uint64_t magic;
} CountersFile;

#define FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* Written whole: there is room for it later, however full the file system is then. Were it cut off by our end, it would be
 * made anew. */
static int make(int directory_fd, const char* name) {
        static const CountersFile zeros = { .magic = MAGIC };
        _cleanup_close_ int fd = openat(directory_fd, name, FLAGS | O_CREAT | O_EXCL, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, &zeros, sizeof zeros);
        if (r < 0) {
                (void) unlinkat(directory_fd, name, 0);
                return r;
        }
        return take_fd(fd);
}

static int open_or_make(int directory_fd, const char* name) {
        int fd = openat(directory_fd, name, FLAGS);

        if (fd >= 0)
                return fd;
        if (errno == ELOOP) /* no file of ours */
                return -EBADMSG;
        return errno == ENOENT ? make(directory_fd, name) : -errno;
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
