/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* File descriptors with one owner. An empty one is -EBADF. All are CLOEXEC from birth. */

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/macro.h"

/* Closes fd unless it is empty; keeps errno; returns -EBADF for the caller to store. */
int fd_close(int fd);

static inline void fd_closep(int* fd) {
        *fd = fd_close(*fd);
}

#define _cleanup_close_ _cleanup_(fd_closep)

/* Hands the descriptor over: the source is empty afterwards. */
#define take_fd(fd)             \
        ({                      \
                int* _fdp = &(fd); \
                int _fd = *_fdp; \
                *_fdp = -EBADF; \
                _fd;            \
        })

/* A CLOEXEC duplicate, or -errno. */
int fd_duplicate(int fd);

int fd_set_nonblocking(int fd, bool nonblocking);

/* Writes all of it to a blocking descriptor. 0 or -errno. */
int fd_write_all(int fd, const void* data, size_t size);
