/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The file of -U: one line "STATUS [reason]", rewritten in place at each step of a Zeek's life, as Zeek does
 * it: opened with O_TRUNC, so a reader may find it empty for a moment. */

#include <stdbool.h>

typedef struct StatusFile {
        const char* path;      /* NULL: there is none */
        const char* override;  /* what is written in the place of every RUNNING */
        bool muted;            /* nothing is ever written */
} StatusFile;

void status_file_set(const StatusFile* file, const char* status, const char* reason);
