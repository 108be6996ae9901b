/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Does the steps, in a thread of its own: a write to a pipe that nobody reads blocks it, and the node still
 * answers to signals and packets. */

#include <pthread.h>

#include "stand-in/directives.h"

typedef struct Performer {
        const Directives* directives;
        const char* inherited; /* what show prints */
        int done_fd;           /* an eventfd, written when the last step is done; -EBADF: nobody waits */
} Performer;

/* All steps, in the calling thread. */
void performer_run(const Performer* performer);
/* All steps, in a thread. The performer must stay. */
int performer_start(Performer* performer);

void performer_sleep(uint64_t msec);

/* Prints numbered lines to the descriptors, in turn if there are two. */
void performer_print_lines(const Directives* directives, const int* fds, size_t n_fds, uint64_t count);
