/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the stem and its zeek-forker say to each other: a task, with the descriptors that a child shall have, and back what came of
 * it. One at a time, through a socket that keeps messages apart. */

#include <stddef.h>
#include <sys/types.h>

#include "util/macro.h"

#define FORKER_FDS_MAX 16U

/* Where the forker finds its end of the socket, and the memory of launch-directories.h. */
enum {
        FORKER_FD_SOCKET = 3,
        FORKER_FD_DIRECTORIES,
        _FORKER_FD_MAX,
};

typedef struct ForkerTask {
        size_t n_fds;
        pid_t pid; /* the child's, or -errno */
} ForkerTask;

/* The descriptors remain the caller's. -EPIPE: there is nobody any more, here and below. */
int forker_task_send(int socket, const ForkerTask* task, const int* fds);

/* How many descriptors came. -ETIMEDOUT: as long as the socket waits (SO_RCVTIMEO), nothing did. */
int forker_task_receive(int socket, ForkerTask* ret, int ret_fds[FORKER_FDS_MAX]);
