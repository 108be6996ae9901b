/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The system calls that a child makes when its filter may be loaded already, with the pass that lets them through
 * (syscall-filter.h). Before, the pass means nothing. Safe between fork and exec; results as those of the calls. */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "util/macro.h"

void passed_calls_init(unsigned long pass);

ssize_t passed_read(int fd, void* data, size_t size);
ssize_t passed_write(int fd, const void* data, size_t size);
int passed_empty(int fd); /* ftruncate(2) to nothing */
ssize_t passed_sendmsg(int fd, const struct msghdr* m, int flags);
int passed_set_limit(int resource, const struct rlimit* limit);
int passed_unlink(const char* path);
int passed_rmdir(const char* path);
int passed_execve(const char* path, char* const* arguments, char* const* environment);
_noreturn_ void passed_exit(int status);
