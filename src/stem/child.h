/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child does between fork and exec.
 *
 * Nothing here may take memory or a lock, log, or ask a name service: the child is a copy of a process that was
 * stopped at any point. Everything it needs was prepared before the fork, in the order and in ChildSetup. It reads
 * them, makes system calls, reports (child-report.h), and ends in execve() or _exit(). What it made in the file
 * system it removes again when it fails or is given up.
 *
 * Nearly all of it is done while the service manager makes the scope: when the go comes, nothing is left but what cannot be
 * undone. */

#include "stem/child-report.h"
#include "stem/launch-directories.h"
#include "stem/order.h"
#include "stem/syscall-filter.h"

/* Its descriptors, at the places where it will have them. Where there is nothing to be had it is /dev/null. */
enum {
        CHILD_FD_INPUT,
        CHILD_FD_OUTPUT,
        CHILD_FD_ERROR,
        CHILD_FD_REPORT,
        CHILD_FD_GO,
        CHILD_FD_HANDOVER,
        _CHILD_FD_MAX,
};

typedef struct ChildSetup {
        bool waits; /* for a go */

        /* What the parent has for itself and the child shall not inherit. */
        struct rlimit nofile;
        bool reset_oom_score;

        const SyscallFilter* filter; /* NULL: none */

        LaunchDirectories* directories;
        DirectoryUse directory_use;
} ChildSetup;

/* fds: copies of them, anywhere; everything else that is open is closed. */
_noreturn_ void child_run(const LaunchOrder* order, const ChildSetup* setup, const int fds[_CHILD_FD_MAX]);
