/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "link/node-fds.h"
#include "util/fd.h"

static const char* const node_fd_table[_NODE_FD_MAX] = {
        [NODE_FD_PROCESS] = "process",
        [NODE_FD_OUTPUT] = "output",
        [NODE_FD_ERROR] = "error",
        [NODE_FD_STATUS] = "status",
        [NODE_FD_SYSCALLS] = "syscalls",
};

DEFINE_ENUM_TABLE(node_fd, NodeFd)

void node_fds_init(int fds[_NODE_FD_MAX]) {
        for (NodeFd i = 0; i < _NODE_FD_MAX; i++)
                fds[i] = -EBADF;
}

void node_fds_close(int fds[_NODE_FD_MAX]) {
        for (NodeFd i = 0; i < _NODE_FD_MAX; i++)
                fds[i] = fd_close(fds[i]);
}

int node_fds_append(sd_bus_message* m, const int fds[_NODE_FD_MAX]) {
        int r = sd_bus_message_open_container(m, 'a', "{sh}");

        for (NodeFd i = 0; i < _NODE_FD_MAX; i++)
                if (r >= 0 && fds[i] >= 0)
                        r = sd_bus_message_append(m, "{sh}", node_fd_table[i], fds[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int node_fds_read(sd_bus_message* m, int ret[_NODE_FD_MAX]) {
        int fds[_NODE_FD_MAX];
        const char* name;
        int fd, r;

        node_fds_init(fds);
        r = sd_bus_message_enter_container(m, 'a', "{sh}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{sh}", &name, &fd)) > 0) {
                NodeFd i = node_fd_from_string(name);

                if (i < 0)
                        continue;
                if (fds[i] >= 0)
                        return -EBADMSG;
                fds[i] = fd;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        memcpy(ret, fds, sizeof fds);
        return 0;
}
