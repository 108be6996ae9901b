/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The last lines that a node wrote, to show them when somebody asks why it ended.
 *
 * They lie one behind the other, as they came, in a ring of bytes that begins with nothing and grows to what the
 * node's lines need: a few KiB with ordinary lines, 26 KiB at the very most. Escaping is left to the one who asks, so
 * adding a line costs no more than a short copy. */

#include <stddef.h>
#include <stdint.h>

#include "output/stream.h"

#define LAST_OUTPUT_LINES_MAX 50U
#define LAST_OUTPUT_LINE_BYTES_MAX 512U /* more of a line is not kept, and not shown */

/* All zero is an empty one. */
typedef struct LastOutput {
        uint8_t* ring;
        size_t allocated;
        size_t begin; /* where the oldest line starts */
        size_t used;
        unsigned n_lines;
} LastOutput;

void last_output_done(LastOutput* last);

void last_output_add(LastOutput* last, Stream stream, const void* data, size_t size);

/* The lines from the oldest to the newest, a vector of strings as D-Bus and terminals can hold them: what is no
 * printable UTF-8 is written \xNN. Of both streams, or of one only. */
char** last_output_lines(const LastOutput* last);
char** last_output_lines_of(const LastOutput* last, Stream stream);
