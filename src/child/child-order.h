/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child is told. When it was forked there was no order yet, and who forked it is another process than who has the
 * order; so it is written into a file in memory, of which the child has a descriptor. */

#include <linux/filter.h>

#include "child/launch-directories.h"
#include "child/launch-order.h"

/* The filter of its system calls: what asks the stem about those that are not allowed, and what has the same answers in it, for
 * where nobody can be asked; and the pass for what the child itself still has to do (passed-calls.h). */
typedef struct ChildFilter {
        struct sock_fprog asking; /* empty: this kernel cannot ask */
        struct sock_fprog silent;
        unsigned long pass;
} ChildFilter;

typedef struct ChildSetup {
        /* What the parent has for itself and the child shall not inherit. */
        struct rlimit nofile;
        bool reset_oom_score;

        const ChildFilter* filter; /* NULL: none */
        DirectoryUse directory_use;
} ChildSetup;

typedef struct ChildOrder {
        LaunchOrder order; /* what of it concerns the child */
        ChildSetup setup;
} ChildOrder;

/* A file with nothing in it. */
int child_order_new(void);

/* Writes everything there; neither order nor filter are needed afterwards. Once for each. -E2BIG: it is larger than any order
 * may be. */
int child_order_write(int fd, const LaunchOrder* order, const ChildSetup* setup);

/* Safe between fork and exec; it stays as long as the process. NULL with errno: it cannot be read. */
const ChildOrder* child_order_read(int fd);
