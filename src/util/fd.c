/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <unistd.h>

#include "util/fd.h"

int fd_close(int fd) {
        if (fd >= 0) {
                int saved_errno = errno;

                /* Linux always releases the descriptor, whatever close(2) says. */
                (void) close(fd);
                errno = saved_errno;
        }
        return -EBADF;
}

int fd_duplicate(int fd) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        return copy < 0 ? -errno : copy;
}

int fd_set_nonblocking(int fd, bool nonblocking) {
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -errno;

        int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        if (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0)
                return -errno;
        return 0;
}

int fd_write_all(int fd, const void* data, size_t size) {
        const char* p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += n;
                size -= (size_t) n;
        }
        return 0;
}
