/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/handover.h"
#include "stem/kept-fds.h"
#include "util/fd.h"
#include "util/log.h"

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * _NODE_FD_MAX)];
} Control;

int handover_make(int ret[2]) {
        int r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
                return -errno;
        r = fd_set_nonblocking(ret[0], true);
        if (r < 0) {
                ret[0] = fd_close(ret[0]);
                ret[1] = fd_close(ret[1]);
        }
        return r;
}

/* Looks at the message, which stays where it is. The descriptors are duplicates. */
static void look(int fd, int ret[_NODE_FD_MAX]) {
        unsigned char places[_NODE_FD_MAX] = {};
        int given[_NODE_FD_MAX];
        Control control = {};
        struct iovec iov = { .iov_base = places, .iov_len = sizeof places };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        ssize_t size = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        struct cmsghdr* header = size < 0 ? NULL : CMSG_FIRSTHDR(&m);
        size_t n = header && header->cmsg_type == SCM_RIGHTS ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

        node_fds_init(ret);
        if (n > 0)
                memcpy(given, CMSG_DATA(header), sizeof(int) * n);
        for (size_t i = 0; i < n; i++)
                if (i < (size_t) size && places[i] < _NODE_FD_MAX && ret[places[i]] < 0 &&
                    kept_fd_number(places[i], given[i]) != 0)
                        ret[places[i]] = given[i];
                else
                        (void) fd_close(given[i]);
}

void handover_take(Process* process, StoreSlot* slot) {
        _cleanup_close_ int fd = take_fd(process->fds[PROCESS_FD_HANDOVER]);
        bool any = false;
        int fds[_NODE_FD_MAX], r;
        char byte;

        if (fd < 0)
                return;
        look(fd, fds);
        for (unsigned i = 0; i < _NODE_FD_MAX; i++) {
                if (process->fds[i] >= 0)
                        fds[i] = fd_close(fds[i]);
                any = any || fds[i] >= 0;
        }

        r = any ? store_slot_extend(slot, fds) : 1;
        for (unsigned i = 0; i < _NODE_FD_MAX; i++)
                if (fds[i] >= 0)
                        process->fds[i] = fds[i];
        if (r < 0)
                (void) log_error_errno(r, "Failed to store what a node has handed over: %m");
        if (r > 0) /* what is left in it counts against the node's user */
                (void) !recv(fd, &byte, sizeof byte, MSG_DONTWAIT);
}
