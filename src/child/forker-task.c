/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "child/forker-task.h"

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * FORKER_FDS_MAX)];
} Control;

/* However the kernel says that there is nobody any more, or nobody who answers. */
static int failure(void) {
        if (errno == ECONNRESET)
                return -EPIPE;
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

int forker_task_send(int socket, const ForkerTask* task, const int* fds) {
        Control control = {};
        struct iovec iov = { .iov_base = (void*) task, .iov_len = sizeof *task };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t size;

        if (task->n_fds > 0) {
                control.header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(sizeof(int) * task->n_fds),
                                                    .cmsg_level = SOL_SOCKET,
                                                    .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * task->n_fds);
                m.msg_control = &control;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * task->n_fds);
        }
        do
                size = sendmsg(socket, &m, MSG_NOSIGNAL);
        while (size < 0 && errno == EINTR);
        return size < 0 ? failure() : 0;
}

int forker_task_receive(int socket, ForkerTask* ret, int ret_fds[FORKER_FDS_MAX]) {
        Control control = {};
        struct iovec iov = { .iov_base = ret, .iov_len = sizeof *ret };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        const struct cmsghdr* header;
        ssize_t size;
        size_t n;

        do
                size = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
        while (size < 0 && errno == EINTR);
        if (size != sizeof *ret)
                return size < 0 ? failure() : -EPIPE;
        header = CMSG_FIRSTHDR(&m);
        n = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
        if (n > 0)
                memcpy(ret_fds, CMSG_DATA(header), sizeof(int) * n);
        return (int) n;
}
