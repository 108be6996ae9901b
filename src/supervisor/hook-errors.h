/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the program of a hook prints on its standard error, on the way to the journal: each line is a warning of
 * zeek-hook-NAME.
 *
 * It is read no faster than the journal takes it, so a program that prints without end waits for the journal, or is
 * silent about lines for too long; and beyond a number of lines in an interval it is read and thrown away. */

#include <stdbool.h>
#include <sys/types.h>

#include "supervisor/journal-writer.h"

#define HOOK_ERRORS_LINE_MAX 2048U
#define HOOK_ERRORS_BURST 500U
#define HOOK_ERRORS_INTERVAL_USEC (30 * USEC_PER_SEC)

typedef struct HookErrors HookErrors;

typedef struct HookErrorsOrigin {
        const char* hook;
        const char* scope;
        pid_t pid;
        bool user_mode;
} HookErrorsOrigin;

/* Takes the descriptor, the read end of a pipe that does not block, also on failure. */
int hook_errors_new(sd_event* event, JournalWriter* journal, const HookErrorsOrigin* origin, int fd, HookErrors** ret);
/* What is still in the pipe is sent as far as the journal takes it now. */
HookErrors* hook_errors_free(HookErrors* e);
DEFINE_CLEANUP(HookErrors*, hook_errors_free)
