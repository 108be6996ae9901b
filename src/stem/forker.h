/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Has children made: by zeek-forker, a process that does nothing but fork, and has nothing that a child could not have (child/main.c
 * says why). */

#include <stddef.h>
#include <sys/types.h>

#include "util/alloc.h"

typedef struct Forker Forker;

/* The program that came with ours, beside it wherever that is. NULL with errno. */
char* forker_find_program(void);

/* Starts the program. directories_fd: of launch-directories.h; it remains the caller's. */
int forker_new(const char* program, int directories_fd, Forker** ret);
Forker* forker_free(Forker* forker);
DEFINE_CLEANUP(Forker*, forker_free)

/* Has a child of ours made, which runs child_run() with these descriptors and all signals blocked, and waits until it is there. The
 * descriptors remain the caller's. The pid, or -errno; -EPIPE: the forker was killed, and so was the next one, -ETIMEDOUT: it is
 * silent. Such a one is replaced; its children are not concerned. */
pid_t forker_fork(Forker* forker, const int* fds, size_t n_fds);
