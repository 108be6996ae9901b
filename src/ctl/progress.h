/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The line that says how far things are while one waits. */

#include <stdbool.h>
#include <stddef.h>

#include "util/alloc.h"
#include "util/usec.h"

typedef struct ProgressItem {
        const char* name;
        const char* state; /* NULL: it does not exist */
        bool settled;      /* as it was asked for */
} ProgressItem;

/* "Restarting 5 nodes: 3 up, worker-1 starting, worker-2 stopping … (12s)", not wider than that. doing: "Restarting";
 * settled: "up". Names are clean. Allocated. */
char* progress_text(const char* doing, const char* settled, const ProgressItem* items, size_t n, usec_t elapsed,
                    size_t columns, bool utf8);
