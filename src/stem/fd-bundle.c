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

int fd_bundle_add(int mouth, const int* fds, size_t n) {
        size_t size = n * sizeof *fds;
        _cleanup_free_ char* control = xcalloc(1, CMSG_SPACE(size));
        struct iovec mark = { .iov_base = (char[]) { MARK }, .iov_len = sizeof MARK };
        struct msghdr message = { .msg_iov = &mark, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size) };
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), fds, size);
        return sendmsg(mouth, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int fd_bundle_new(const int* fds, size_t n, int* ret_mouth) {
        _cleanup_close_ int bundle = -EBADF, mouth = -EBADF;
        int pair[2];
        int r;

        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;
        bundle = pair[0];
        mouth = pair[1];
        r = fd_bundle_add(mouth, fds, n);
        if (r < 0)
                return r;

        /* what was sent stays in the bundle when its mouth is closed */
        if (ret_mouth)
                *ret_mouth = take_fd(mouth);
        return take_fd(bundle);
}

/* The message at the place that the socket remembers, or its first. */
static int look_at_one(int bundle, int* ret_fds, size_t max) {
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

static int remember_place(int bundle, int place) {
        return setsockopt(bundle, SOL_SOCKET, SO_PEEK_OFF, &place, sizeof place) < 0 ? -errno : 0;
}

int fd_bundle_look(int bundle, int* ret_fds, size_t max) {
        size_t n = 0;
        int r;

        /* Else every look is at the first message. */
        r = remember_place(bundle, 0);
        if (r < 0)
                return r;
        while (n < max && (r = look_at_one(bundle, ret_fds + n, max - n)) >= 0)
                n += (size_t) r;
        (void) remember_place(bundle, -1); /* as it was: it may be somebody else's socket */
        return n > 0 ? (int) n : r;
}
