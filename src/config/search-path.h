/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Where configuration lies: several directories, of which the more important one hides a file of the same name in
 * the others, as systemd's own configuration has it (systemd.syntax(7), systemd-system.conf(5)). A file that is
 * empty, or a link to /dev/null, hides without taking the place: it masks.
 *
 * These functions read directories and may block: call them before READY=1 or from a worker thread. */

#include <stdbool.h>

#include "config/diagnostics.h"

/* In one directory; what is beyond is left out with a diagnostic. */
#define SEARCH_PATH_FILES_MAX 4096U

/* The directories, the most important first:
 * system: /etc/zeek-supervisor, /run/zeek-supervisor, /usr/lib/zeek-supervisor;
 * user:   $XDG_CONFIG_HOME/zeek-supervisor (~/.config without it), $XDG_RUNTIME_DIR/zeek-supervisor, then /etc and
 *         /usr/lib as above.
 * Reads the environment; the result is a vector of strings for strv_free(). */
char** search_path_directories(bool user);

/* Those that speak for this supervisor alone: a user's are without /etc and /usr/lib. */
char** search_path_own_directories(bool user);

/* The file of this name in the most important directory that has one; NULL when there is none or it is masked. */
char* search_path_find(char* const* directories, const char* name);

/* The files DIRECTORY/subdirectory/NAME+suffix, sorted by file name, masked and hidden ones left out, as a vector of
 * paths. Names that begin with '.' do not count. A directory that is missing is no news; one that cannot be read is
 * a diagnostic, and so is what is no regular file. */
char** search_path_list(char* const* directories, const char* subdirectory, const char* suffix, Diagnostics* d);
