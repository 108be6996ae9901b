/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Working directories that launches have in common, when one of them fails.
 *
 * A child that fails removes the directories that it made; but not its working directory while another launch uses the
 * same, and rmdir(2) spares those in which another one has made something. Such a directory is noted here, and whoever
 * is in it removes it if he fails too. So the last of those who fail removes what the first one made, what was there
 * before all of them stays, and nobody loses the ground under his feet.
 *
 * Uses and notes are in memory that the stem shares with its children until they execute something. They are hints: what
 * a child does about one it does as its node's user, and to nothing but empty directories above its own. Functions
 * marked so are safe between fork and exec. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

typedef struct LaunchDirectories LaunchDirectories;

/* Memory of a new file, of which *ret_fd is a descriptor; another process maps that. */
int launch_directories_new(LaunchDirectories** ret, int* ret_fd);
int launch_directories_map(int fd, LaunchDirectories** ret);
LaunchDirectories* launch_directories_free(LaunchDirectories* d);

/* The number of a use, from 1. */
typedef unsigned DirectoryUse;
#define DIRECTORY_USE_NONE 0U

/* A launch begins to use its working directory. None: there are too many, and this one's is not protected. */
DirectoryUse launch_directories_use(LaunchDirectories* d, const char* path);
/* It failed; may be said more than once. (safe) */
void launch_directories_leave(LaunchDirectories* d, DirectoryUse use);
/* It succeeded: this directory and all above it are there to stay. */
void launch_directories_keep(LaunchDirectories* d, const char* path);
/* No launch is under way. */
void launch_directories_clear(LaunchDirectories* d);

/* The directory whose name the first so many bytes of path are: is it that of a launch that goes on or succeeded? (safe) */
bool launch_directories_in_use(const LaunchDirectories* d, const char* path, size_t length);

/* A note that it is to be removed by the last who fails in it. What finds no room is not noted, and stays. (safe) */
void launch_directories_note(LaunchDirectories* d, const char* path, size_t length);
/* It was removed: the notes up to this one are without object. A later one is about a directory that was made since. (safe) */
typedef uint64_t NoteNumber;
NoteNumber launch_directories_last_note(const LaunchDirectories* d);
void launch_directories_strike(LaunchDirectories* d, const char* path, size_t length, NoteNumber last);
bool launch_directories_has_note(const LaunchDirectories* d, const char* path, size_t length);
