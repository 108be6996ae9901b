/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where Zeek is installed. These functions look at the file system and may block: call them before READY=1 or from a
 * worker thread. */

/* The program that nodes run: `configured` (Binary=; an absolute path) if not NULL, else `zeek` in the absolute
 * directories of `path` (a PATH; NULL: none), else in the usual prefixes. Symbolic links are kept, so that the
 * result stays right when an upgrade changes where they point. 0 with an allocated absolute path; -ENOENT;
 * -EACCES when `configured` is no file that may be executed. */
int zeek_binary_find(const char* configured, const char* path, char** ret);

/* By which a program is told from the one that an upgrade puts in its place. */
typedef struct ZeekBinaryStamp {
        uint64_t device, inode, size;
        int64_t modified_sec, modified_nsec;
} ZeekBinaryStamp;

/* Symbolic links followed; all zero when it cannot be looked at. */
ZeekBinaryStamp zeek_binary_stamp(const char* binary);
bool zeek_binary_stamp_equal(const ZeekBinaryStamp* a, const ZeekBinaryStamp* b);

/* The directory in which the program really lies, symbolic links followed: there are its helpers (zeek-config,
 * zeek-cut, zeek-archiver). Allocated. */
char* zeek_binary_directory(const char* binary);
