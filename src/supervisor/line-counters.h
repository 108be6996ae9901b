/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How many lines of a node went which way, in a file that is open: to keep them is one write of three numbers, cheap enough
 * for every batch of lines, and what was written is there for the next daemon however this one ends: a daemon that is killed
 * between taking a batch and noting it does not count that one. (A file that is mapped would cost each node a page of
 * memory.) */

#include <stdint.h>

typedef struct LineCounters {
        uint64_t forwarded;
        uint64_t suppressed;
        uint64_t dropped;
} LineCounters;

typedef struct KeptCounters {
        LineCounters counters; /* what the file says */
        int fd;
} KeptCounters;

/* Opens the file of this name in the directory; one that does not exist is made, with zeros. -EBADMSG: it is something
 * else. */
int line_counters_open(int directory_fd, const char* name, KeptCounters** ret);
/* Has the file say this. */
void line_counters_keep(KeptCounters* kept, const LineCounters* counters);
KeptCounters* line_counters_close(KeptCounters* kept);
