/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The socket that NOTIFY_SOCKET names, for tests of who writes to it. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/unit.h"
#include "util/alloc.h"
#include "util/fd.h"

/* The service manager's end. */
static inline int listen_at(const char* path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0 && strlen(path) < sizeof address.sun_path);
        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr*) &address, sizeof address), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", path, true), 0);
        return fd;
}

#define NOTIFY_FDS_MAX 8U

/* The text of the next message, or NULL; and the descriptors that came with it. */
static inline char* receive_fds(int fd, int ret_fds[NOTIFY_FDS_MAX], size_t* ret_n_fds) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int) * NOTIFY_FDS_MAX)];
        } control = {};
        char text[256];
        struct iovec iov = { .iov_base = text, .iov_len = sizeof text };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);

        *ret_n_fds = 0;
        if (n < 0)
                return NULL;
        if (CMSG_FIRSTHDR(&m)) {
                *ret_n_fds = (CMSG_FIRSTHDR(&m)->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                memcpy(ret_fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), *ret_n_fds * sizeof(int));
        }
        return xstrndup(text, (size_t) n);
}

/* The same with nothing but their number. */
static inline char* receive(int fd, size_t* ret_n_fds) {
        int fds[NOTIFY_FDS_MAX];
        char* text = receive_fds(fd, fds, ret_n_fds);

        for (size_t i = 0; i < *ret_n_fds; i++)
                (void) fd_close(fds[i]);
        return text;
}
