/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Where Zeek is installed. These functions look at the file system and may block: call them before READY=1 or from a
 * worker thread. */

/* The program that nodes run: `configured` (Binary=; an absolute path) if not NULL, else `zeek` in the absolute
 * directories of `path` (a PATH; NULL: none), else in the usual prefixes. Symbolic links are kept, so that the
 * result stays right when an upgrade changes where they point. 0 with an allocated absolute path; -ENOENT;
 * -EACCES when `configured` is no file that may be executed. */
int zeek_binary_find(const char* configured, const char* path, char** ret);

/* The directory in which the program really lies, symbolic links followed: there are its helpers (zeek-config,
 * zeek-cut, zeek-archiver). Allocated. */
char* zeek_binary_directory(const char* binary);
