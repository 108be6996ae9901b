/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a helper prints that is for people, on the way to the journal: each line is an entry.
 *
 * It is read no faster than the journal takes it, so a program that prints without end waits for the journal, or is
 * silent about lines for too long; and beyond a number of lines in an interval it is read and thrown away. */

#include <stdbool.h>
#include <sys/types.h>

#include "supervisor/journal-writer.h"

#define HELPER_LINES_LINE_MAX 2048U
#define HELPER_LINES_BURST 500U
#define HELPER_LINES_INTERVAL_USEC (30 * USEC_PER_SEC)

typedef struct HelperLines HelperLines;

typedef struct HelperLinesOrigin {
        const char* identifier;
        const char* hook; /* NULL: it is of no hook */
        const char* scope;
        int priority;
        pid_t pid;
        bool user_mode;
} HelperLinesOrigin;

/* Takes the descriptor, the read end of a pipe that does not block, also on failure. */
int helper_lines_new(sd_event* event, JournalWriter* journal, const HelperLinesOrigin* origin, int fd, HelperLines** ret);
/* What is still in the pipe is sent as far as the journal takes it now. */
HelperLines* helper_lines_free(HelperLines* e);
DEFINE_CLEANUP(HelperLines*, helper_lines_free)
