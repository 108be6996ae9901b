/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Doubts about configuration files, collected with file and line.
 *
 * A reader of files never logs and never gives up: what it could not make sense of it leaves out and says here.
 * The daemon logs the list, `--check-config` prints it. */

#include <stddef.h>

#include "util/macro.h"

/* A file full of rubbish must not fill the journal; further doubts are counted in the last entry only. */
#define DIAGNOSTICS_MAX 256U

typedef struct Diagnostic {
        char* file;
        unsigned line;   /* 0: the file as a whole */
        unsigned column; /* in bytes from 1; 0: the line as a whole */
        char* text;
} Diagnostic;

typedef struct Diagnostics {
        Diagnostic* items;
        size_t n, allocated;
        size_t n_left_out;
        char* unread; /* the first "FILE: why" of what is there and could not be read; NULL: all was read */
} Diagnostics;

void diagnostics_done(Diagnostics* d);
#define _cleanup_diagnostics_ _cleanup_(diagnostics_done)

/* file and what the format makes are copied, the latter cut to a kilobyte and with control characters as \xNN. */
void diagnostics_add(Diagnostics* d, const char* file, unsigned line, const char* format, ...) _printf_(4, 5);
void diagnostics_add_at(Diagnostics* d, const char* file, unsigned line, unsigned column, const char* format, ...)
        _printf_(5, 6);

/* The same about a file or directory of whose content nothing is known. */
void diagnostics_add_unread(Diagnostics* d, const char* file, const char* format, ...) _printf_(3, 4);

/* "FILE:LINE:COLUMN: text", "FILE:LINE: text" or "FILE: text", by what there is. */
char* diagnostic_to_string(const Diagnostic* item);

/* Of each file by lines, those about the file as a whole last; of one line, in the order in which they came. */
void diagnostics_sort(Diagnostics* d);

/* As warnings of the daemon, or as errors. */
void diagnostics_log(const Diagnostics* d);
void diagnostics_log_errors(const Diagnostics* d);
