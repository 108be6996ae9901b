/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Makes children: a thread of the stem that has next to no descriptors.
 *
 * A fork copies the table of descriptors of whoever forks, and the child has to close what is not for it. The stem holds half
 * a dozen for each node; with a thousand nodes, two fifths of what a start cost it went there. The thread has a table of its
 * own (unshare(2)), into which what a child shall have comes through a socket. It is a thread and no process, so what it forks
 * are children of the stem. */

#include <stddef.h>
#include <sys/types.h>

#include "util/macro.h"

#define FORKER_FDS_MAX 16U

typedef struct Forker Forker;

int forker_new(Forker** ret);
Forker* forker_free(Forker* forker);

/* The child; it must not return. Of its descriptors it knows those that were given, in their order. */
typedef void (*forker_child_t)(const int* fds, void* userdata);

/* Has a child made, with all signals blocked, and waits until it is there. The descriptors remain the caller's. The pid,
 * or -errno. Where they cannot be sent (unix(7): ETOOMANYREFS), the caller itself forks, with all that it has. */
pid_t forker_fork(Forker* forker, const int* fds, size_t n_fds, forker_child_t child, void* userdata);
