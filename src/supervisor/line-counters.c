/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "supervisor/line-counters.h"
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
        /* Written whole: a hole in a file system that is full would be a fault of memory later. */
        r = file_write_atomic(directory_fd, name, &zeros, sizeof zeros, 0600);
        if (r < 0)
                return r;
        fd = openat(directory_fd, name, flags);
        return fd < 0 ? -errno : fd;
}

int line_counters_open(int directory_fd, const char* name, LineCounters** ret) {
        _cleanup_close_ int fd = open_or_make(directory_fd, name);
        CountersFile* file;
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size != sizeof *file)
                return -EBADMSG;
        file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (file == MAP_FAILED)
                return -errno;
        if (file->magic != MAGIC) {
                (void) munmap(file, sizeof *file);
                return -EBADMSG;
        }
        *ret = &file->counters;
        return 0;
}

LineCounters* line_counters_close(LineCounters* counters) {
        if (counters)
                (void) munmap(counters, sizeof(CountersFile));
        return NULL;
}
