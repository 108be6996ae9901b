/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child does between fork and exec.
 *
 * The process that forks it is zeek-forker (main.c), which has nothing but this in it. The child waits until everything it
 * needs is in its ChildOrder, reads that, makes system calls, reports (child-report.h), and ends in execve() or _exit(). What
 * it made in the file system it removes again when it fails or is given up. Nothing here takes memory, logs, or asks a name
 * service.
 *
 * Nearly all of it is done while the service manager makes the scope: when the go comes, nothing is left but what cannot be
 * undone. */

#include "child/child-fds.h"
#include "child/child-order.h"
#include "child/child-report.h"

/* What its parent says to it, a byte each. Nothing instead of the next one: it is given up. */
typedef enum ChildWord {
        CHILD_WORD_ORDER, /* it has been told what to do */
        CHILD_WORD_GO,    /* it is to do it */
} ChildWord;

/* fds: copies of them, anywhere; everything else that is open is closed. */
_noreturn_ void child_run(const int fds[_CHILD_FD_MAX], LaunchDirectories* directories);
