/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Children that live under a filter of system calls. */

#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stem/syscall-filter.h"
#include "unit/unit.h"

/* Puts the calling process under the program; the listener if it asks, else 0. */
static inline int enter_filter(const struct sock_fprog* program, bool asks) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, program);

        return r < 0 ? -errno : (int) r;
}

/* Waits for a child: its exit status, or minus the signal that ended it. */
static inline int wait_for_child(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
