/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a pidfd tells of a process, whose child it may be. */

#include <stdbool.h>
#include <sys/types.h>

#include "stem/process.h"

/* The pid; 0 when the process was reaped. -EBADF: it is no pidfd. */
int pidfd_get_pid(int pidfd, pid_t* ret);

/* How a process that is not our child ended. 0: it runs. 1: it has ended; *ret is all zeros if there is no way to learn
 * how. -EAGAIN: it has ended, and how is told once its parent has reaped it. */
int pidfd_get_exit(int pidfd, ProcessExit* ret);
