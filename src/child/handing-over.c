/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "child/handing-over.h"
#include "child/passed-calls.h"

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * _NODE_FD_MAX)];
} Control;

/* The bytes of the message say what the descriptors are. */
int hand_over(int fd, const int fds[_NODE_FD_MAX]) {
        unsigned char places[_NODE_FD_MAX];
        int given[_NODE_FD_MAX];
        Control control = {};
        size_t n = 0;

        for (unsigned i = 0; i < _NODE_FD_MAX; i++)
                if (fds[i] >= 0) {
                        places[n] = (unsigned char) i;
                        given[n++] = fds[i];
                }
        if (n == 0)
                return 0;

        control.header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(sizeof(int) * n),
                                            .cmsg_level = SOL_SOCKET,
                                            .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), given, sizeof(int) * n);
        struct iovec iov = { .iov_base = places, .iov_len = n };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = CMSG_SPACE(sizeof(int) * n) };

        return passed_sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
