/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/fd-bundle.h"
#include "util/alloc.h"
#include "util/fd.h"

/* No other socket has this to say. */
#define MARK "zeek-stem-bundle"

int fd_bundle_new(const int* fds, size_t n) {
        size_t size = n * sizeof *fds;
        _cleanup_free_ char* control = xcalloc(1, CMSG_SPACE(size));
        struct iovec mark = { .iov_base = (char[]) { MARK }, .iov_len = sizeof MARK };
        struct msghdr message = { .msg_iov = &mark, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size) };
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        int pair[2];
        int r;

        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), fds, size);
        r = sendmsg(pair[1], &message, MSG_NOSIGNAL) < 0 ? -errno : 0;

        /* what was sent stays in the other one */
        (void) close(pair[1]);
        if (r < 0) {
                (void) close(pair[0]);
                return r;
        }
        return pair[0];
}

int fd_bundle_look(int bundle, int* ret_fds, size_t max) {
        size_t size = max * sizeof *ret_fds;
        _cleanup_free_ char* control = xcalloc(1, CMSG_SPACE(size));
        char text[sizeof MARK] = {};
        struct iovec mark = { .iov_base = text, .iov_len = sizeof text };
        /* without the padding of CMSG_SPACE(), in which there may be room for one more */
        struct msghdr message = { .msg_iov = &mark, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_LEN(size) };
        struct cmsghdr* header;
        int n;

        if (recvmsg(bundle, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
                return -errno;

        header = CMSG_FIRSTHDR(&message);
        if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
                return -EBADMSG;
        n = (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof *ret_fds);
        memcpy(ret_fds, CMSG_DATA(header), (size_t) n * sizeof *ret_fds);
        if (strcmp(text, MARK) == 0)
                return n;

        for (int i = 0; i < n; i++)
                (void) close(ret_fds[i]);
        return -EBADMSG;
}
