/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child does between fork and exec.
 *
 * Nothing here may take memory or a lock, log, or ask a name service: the child is a copy of a process that was
 * stopped at any point. Everything it needs was prepared before the fork, in the order and in ChildSetup. It reads
 * them, makes system calls, reports (child-report.h), and ends in execve() or _exit(). What it made in the file
 * system it removes again when it fails. */

#include "stem/child-report.h"
#include "stem/launch-directories.h"
#include "stem/order.h"
#include "stem/syscall-filter.h"

typedef struct ChildSetup {
        /* The child's ends. The last three may be -EBADF: then standard error is /dev/null, the child does not wait for a
         * go, and it has nothing to hand over. */
        int null_fd;
        int output_fd;
        int report_fd;
        int error_fd;
        int go_fd;
        int handover_fd;

        /* What the parent has for itself and the child shall not inherit. */
        struct rlimit nofile;
        bool reset_oom_score;

        const SyscallFilter* filter; /* NULL: none */

        LaunchDirectories* directories;
        DirectoryUse directory_use;
} ChildSetup;

_noreturn_ void child_run(const LaunchOrder* order, const ChildSetup* setup);
