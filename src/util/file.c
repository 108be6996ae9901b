/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/fd.h"
#include "util/file.h"

/* of a file that is not whole yet */
#define FIRST_MODE 0600

static int read_to_end(int fd, size_t max_size, char** ret, size_t* ret_size) {
        _cleanup_free_ char* data = NULL;
        size_t size = 0, allocated = 0;

        for (;;) {
                if (allocated - size < 2) {
                        if (size > max_size)
                                return -EFBIG;
                        allocated = min_size(allocated == 0 ? 4096 : allocated * 2, max_size + 2);
                        data = xreallocarray(data, allocated, 1);
                }

                ssize_t n = read(fd, data + size, allocated - size - 1);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                size += (size_t) n;
        }

        data[size] = 0;
        *ret = take_ptr(data);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int file_read(int dir_fd, const char* path, size_t max_size, char** ret, size_t* ret_size) {
        /* O_NONBLOCK: a FIFO in the file's place must not hang us */
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;
        return read_to_end(fd, max_size, ret, ret_size);
}

int file_read_virtual(int dir_fd, const char* path, size_t max_size, char** ret) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return read_to_end(fd, max_size, ret, NULL);
}

static int create(int dir_fd, const char* name) {
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FIRST_MODE);

        return fd < 0 ? -errno : fd;
}

int file_write_atomic(int dir_fd, const char* name, const void* data, size_t size, mode_t mode) {
        _cleanup_free_ char* temporary = xasprintf(".%s.new", name);
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert(!strchr(name, '/'));

        fd = create(dir_fd, temporary);
        if (fd == -EEXIST) {
                /* left by a writer that was killed */
                (void) unlinkat(dir_fd, temporary, 0);
                fd = create(dir_fd, temporary);
        }
        if (fd < 0)
                return fd;

        r = fd_write_all(fd, data, size);
        if (r >= 0 && mode != FIRST_MODE && fchmod(fd, mode) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(dir_fd, temporary, 0);
        return r;
}

int file_overwrite(int dir_fd, const char* name, const void* data, size_t size) {
        /* O_NONBLOCK: as above; pwrite(2) then says that it is no file */
        _cleanup_close_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, FIRST_MODE);

        if (fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t) size)
                return 0;
        return file_write_atomic(dir_fd, name, data, size, FIRST_MODE);
}

bool file_is_temporary(const char* name) {
        size_t length = strlen(name), suffix = strlen(".new");

        return name[0] == '.' && length > suffix && strcmp(name + length - suffix, ".new") == 0;
}

int directory_make(const char* path, mode_t mode) {
        _cleanup_free_ char* partial = xstrdup(path);
        struct stat st;

        for (char* slash = partial + 1; *partial; slash++) {
                char saved = *slash;

                if (saved != '/' && saved != 0)
                        continue;
                *slash = 0;
                if (mkdir(partial, mode) < 0 && errno != EEXIST)
                        return -errno;
                if (saved == 0)
                        break;
                *slash = saved;
        }

        /* EEXIST told that something is there, not what */
        if (stat(path, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -EEXIST;
}
