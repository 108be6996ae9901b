/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A log in Zeek's ASCII format: PATH.log in the working directory, tab-separated, with a header that names
 * and types its fields. The file comes into being with its first line. */

#include <stdio.h>

#include "stand-in/rotation.h"
#include "util/macro.h"

typedef struct LogFile {
        const char* path;
        const char* fields; /* separated by tabs, as in the header */
        const char* types;
        const Rotation* rotation;
        FILE* file;         /* NULL: not opened yet */
        time_t opened;
} LogFile;

/* One line; the format has the tabs. */
int log_file_write(LogFile* log, const char* format, ...) _printf_(2, 3);
int log_file_flush(LogFile* log);
/* Closes the file, and moves it away if this node's logs are rotated. The next line opens a new one. */
int log_file_end(LogFile* log, bool terminating);
