/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Small files, read whole and written whole. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads at most max_size bytes of a regular file; *ret is NUL-terminated. -EFBIG if it holds more,
 * -EBADFD if it is no regular file. */
int file_read(int dir_fd, const char* path, size_t max_size, char** ret, size_t* ret_size);

/* As file_read() for the files of proc and cgroupfs, which do not know their size. */
int file_read_virtual(int dir_fd, const char* path, size_t max_size, char** ret);

/* Replaces the file by one with the given content and mode, or leaves it as it was: written beside it under
 * another name, then renamed over it. The directory is one that only we write to. */
int file_write_atomic(int dir_fd, const char* name, const void* data, size_t size, mode_t mode);

/* Puts this at the beginning of the file, which is made with the mode 0600 if it is missing: a third of the work. What was longer
 * stays longer. For a file that nobody reads while we live, of less than a page, on a file system in memory: who is killed in
 * between has then written all of it or nothing. Where there is something else it is replaced, as above. */
int file_overwrite(int dir_fd, const char* name, const void* data, size_t size);

/* The name is one that file_write_atomic() uses in between: what has it was left by a writer that was killed. */
bool file_is_temporary(const char* name);

/* Makes the directory and its parents where they are missing, as `mkdir -p`. -EEXIST if something else is there. */
int directory_make(const char* path, mode_t mode);
