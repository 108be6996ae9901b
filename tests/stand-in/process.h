/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Processes that a node starts. Whatever the node does with signals, they begin with none blocked. */

#include <stdbool.h>
#include <sys/types.h>

/* Runs the command by /bin/sh and waits for it. Its wait status, or -errno. */
int process_run_shell(const char* command);

typedef struct DescendantOptions {
        bool ignore_term;
        bool keep_pipes; /* stdout and stderr stay open in it */
} DescendantOptions;

/* A child that sleeps for an hour. Its pid, or -errno. */
pid_t process_start_sleeper(const DescendantOptions* options);
/* The same as a daemon: in a session of its own, and no child of ours. */
int process_start_daemon(const DescendantOptions* options);
