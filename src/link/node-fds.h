/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The descriptors that the daemons have of a node, and the names under which they hand them to each other.
 *
 * In a message they are an a{sh}; what there is not is not in it. A name that the reader does not know is another
 * version's, and passed over. Whoever needs one more of a node adds it to the table, and says in the stem what it looks
 * like when the service manager hands it back (stem/process.h). */

#include <systemd/sd-bus.h>

#include "util/enum-table.h"

typedef enum NodeFd {
        NODE_FD_PROCESS, /* pidfd of the main process */
        NODE_FD_OUTPUT,  /* read end of the pipe that is its stdout */
        NODE_FD_ERROR,   /* and its stderr */
        NODE_FD_STATUS,  /* the file in which it says how far it is, for reading */
        NODE_FD_SYSCALLS, /* where the kernel asks about system calls that it may not make */
        _NODE_FD_MAX,
        _NODE_FD_INVALID = -EINVAL,
} NodeFd;

DECLARE_ENUM_TABLE(node_fd, NodeFd);

/* All empty. */
void node_fds_init(int fds[_NODE_FD_MAX]);
void node_fds_close(int fds[_NODE_FD_MAX]);

/* Appends those that are not empty; the message takes duplicates. */
int node_fds_append(sd_bus_message* m, const int fds[_NODE_FD_MAX]);
/* Reads them; they are borrowed from the message. -EBADMSG: one of them is there twice. */
int node_fds_read(sd_bus_message* m, int ret[_NODE_FD_MAX]);
