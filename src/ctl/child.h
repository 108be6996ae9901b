/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Programs that accompany a run: the pager, the agent of polkit. */

#include <sys/types.h>

/* As fork(2), and in the child: all signals do what they do by default, whatever is blocked here, and it does not outlive
 * us. */
pid_t child_fork(void);

/* Waits for its end. */
void child_wait(pid_t child);
