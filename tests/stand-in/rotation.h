/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How the logs of a node are rotated, from the same script variables as in Zeek, with the defaults that
 * Zeek's cluster scripts give to a node that has no supervisor. */

#include <stdbool.h>
#include <time.h>

#include "stand-in/layout.h"
#include "stand-in/settings.h"

typedef struct Rotation {
        double interval;           /* in seconds; 0: logs are not rotated, not even at the end */
        const char* directory;     /* Log::default_rotation_dir; "": where the log is */
        const char* command;       /* Log::default_rotation_postprocessor_cmd; "": none */
        const char* suffix;        /* log_suffix of the archiver's names; NULL: none */
        bool archiver_names;       /* Log::rotation_format_func is the one for zeek-archiver */
        bool leftover;             /* LogAscii::enable_leftover_log_rotation */
} Rotation;

/* self is NULL outside of a cluster. The strings are borrowed from the arguments. */
Rotation rotation_from_settings(const Settings* settings, const Layout* layout, const LayoutNode* self);

/* Moves PATH.log to its rotated name and runs the postprocessor. */
int rotation_move(const Rotation* rotation, const char* path, time_t opened, time_t closed,
                  bool terminating);

/* Rotates the logs of an earlier run in this directory that did not come to its end: those with a shadow
 * file beside them. */
int rotation_move_leftovers(const Rotation* rotation);

/* The shadow file says that a log is being written: ".shadow.PATH.log". */
int rotation_write_shadow(const Rotation* rotation, const char* path, time_t opened);
void rotation_remove_shadow(const Rotation* rotation, const char* path);

/* "2024-05-06-07-08-09", local time, as in the headers of logs and the names for zeek-archiver. */
char* rotation_format_time(time_t t);
