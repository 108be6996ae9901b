/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the descriptors of a process look like, by which they are told apart when the service manager hands them back:
 * all of a node's have the same name there, and come in any order. The pidfd says whose it is; all others are of a sort
 * that belongs to their place, and have the number of an inode that was written down (node-record.h). */

#include <stdint.h>

#include "stem/process.h"

/* What it is called in a record. NULL: it needs no number. */
const char* kept_fd_key(unsigned place) _const_;
/* Every record says something about it. */
bool kept_fd_is_required(unsigned place) _const_;

/* Its number; 0 for what does not belong in this place: there is nothing to be kept of it. */
uint64_t kept_fd_number(unsigned place, int fd);

/* Which place it has among those with these numbers, of the process with this pid; -ENOENT: none. */
int kept_fd_place(int fd, pid_t pid, const uint64_t numbers[_PROCESS_FD_MAX]);
