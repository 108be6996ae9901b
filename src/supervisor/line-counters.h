/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How many lines of a node went which way, in a file that is mapped into memory: to keep them is to store three numbers,
 * cheap enough for every batch of lines, and what was stored is there for the next daemon however this one ends. */

#include <stdint.h>

typedef struct LineCounters {
        uint64_t forwarded;
        uint64_t suppressed;
        uint64_t dropped;
} LineCounters;

/* Maps the file of this name in the directory; one that does not exist is made, with zeros. -EBADMSG: it is something
 * else. */
int line_counters_open(int directory_fd, const char* name, LineCounters** ret);
LineCounters* line_counters_close(LineCounters* counters);
