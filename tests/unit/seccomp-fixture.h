/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Orders about system calls, and children that live under them. */

#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stem/syscall-filter.h"
#include "unit/unit.h"
#include "util/strv.h"

/* "CALL:VERDICT …", in the order of their names. */
static inline SyscallOrder make_syscall_order(int other_calls, const char* calls) {
        _cleanup_strv_free_ char** words = strv_split(calls, " ");
        SyscallOrder order = { .is_given = true, .other_calls = other_calls };

        order.calls = xcalloc(strv_length(words) + 1, sizeof order.calls[0]);
        STRV_FOREACH(word, words) {
                char* colon = strchr(*word, ':');
                OrderedCall* call = &order.calls[order.n_calls++];

                *colon = 0;
                call->name = xstrdup(*word);
                assert_int_equal(verdict_from_string(colon + 1, &call->verdict), 0);
        }
        return order;
}

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
