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

typedef struct Text {
        char mark[sizeof MARK];
        uint64_t key;
} __attribute__((packed)) Text;

int fd_bundle_add(int mouth, uint64_t key, const int* fds, size_t n) {
        size_t size = n * sizeof *fds;
        _cleanup_free_ char* control = xcalloc(1, CMSG_SPACE(size));
        Text text = { .mark = MARK, .key = key };
        struct iovec iov = { .iov_base = &text, .iov_len = sizeof text };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size) };
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), fds, size);
        return sendmsg(mouth, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int fd_bundle_new(int* ret_mouth) {
        int pair[2];

        /* of a kind that takes as many messages as it has memory for; what was sent stays when its mouth is closed */
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;
        *ret_mouth = pair[1];
        return pair[0];
}

static int take_message(const struct msghdr* message, const Text* text, size_t text_size, BundledFd* ret) {
        struct cmsghdr* header = CMSG_FIRSTHDR(message);
        bool is_ours = text_size >= sizeof text->mark && memcmp(text->mark, MARK, sizeof MARK) == 0;
        size_t n;

        if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
                return -EBADMSG;
        n = (header->cmsg_len - CMSG_LEN(0)) / sizeof ret->fd;
        for (size_t i = 0; i < n; i++) {
                memcpy(&ret[i].fd, CMSG_DATA(header) + i * sizeof ret->fd, sizeof ret->fd);
                ret[i].key = text_size == sizeof *text ? text->key : 0;
                if (!is_ours)
                        (void) fd_close(ret[i].fd);
        }
        return is_ours ? (int) n : -EBADMSG;
}

/* The message at the place that the socket remembers, or its first. */
static int look_at_one(int bundle, BundledFd* ret, size_t max) {
        size_t size = max * sizeof ret->fd;
        _cleanup_free_ char* control = xcalloc(1, CMSG_SPACE(size));
        Text text = {};
        struct iovec iov = { .iov_base = &text, .iov_len = sizeof text };
        /* without the padding of CMSG_SPACE(), in which there may be room for one more */
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_LEN(size) };
        ssize_t n = recvmsg(bundle, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n <= 0) /* the end, when the mouth is closed */
                return n < 0 ? -errno : -EAGAIN;
        return take_message(&message, &text, (size_t) n, ret);
}

static int remember_place(int bundle, int place) {
        return setsockopt(bundle, SOL_SOCKET, SO_PEEK_OFF, &place, sizeof place) < 0 ? -errno : 0;
}

int fd_bundle_look(int bundle, BundledFd* ret, size_t max) {
        size_t n = 0;
        int r;

        /* Else every look is at the first message. */
        r = remember_place(bundle, 0);
        if (r < 0)
                return r;
        while (n < max && (r = look_at_one(bundle, ret + n, max - n)) >= 0)
                n += (size_t) r;
        (void) remember_place(bundle, -1); /* as it was: it may be somebody else's socket */
        return n > 0 ? (int) n : r;
}
