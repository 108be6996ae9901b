/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Programs that accompany a run: the pager, the agent of polkit, ssh. */

#include <sys/types.h>

/* As fork(2), and in the child: all signals do what they do by default, whatever is blocked here, and it does not outlive
 * us. */
pid_t child_fork(void);

/* Waits for its end. Its exit status; for a signal, 128 and its number, as shells have it. */
int child_wait(pid_t child);
