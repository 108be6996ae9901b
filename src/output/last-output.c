/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "output/last-output.h"
#include "util/escape.h"
#include "util/strv.h"

#define RING_SIZE_FIRST 512U

/* Stands in front of each line in the ring. */
typedef struct LineHead {
        uint16_t size;
        uint8_t stream;
} LineHead;

#define HEAD_SIZE 3U /* as written: without the padding */
#define RING_SIZE_LARGEST (LAST_OUTPUT_LINES_MAX * (HEAD_SIZE + LAST_OUTPUT_LINE_BYTES_MAX))

static void ring_put(LastOutput* last, const void* data, size_t size) {
        size_t at = (last->begin + last->used) % last->allocated;
        size_t first = min_size(size, last->allocated - at);

        memcpy(last->ring + at, data, first);
        memcpy(last->ring, (const uint8_t*) data + first, size - first);
        last->used += size;
}

/* Copies size bytes that lie offset bytes behind the oldest one. */
static void ring_get(const LastOutput* last, size_t offset, void* data, size_t size) {
        size_t at = (last->begin + offset) % last->allocated;
        size_t first = min_size(size, last->allocated - at);

        memcpy(data, last->ring + at, first);
        memcpy((uint8_t*) data + first, last->ring, size - first);
}

static LineHead ring_head(const LastOutput* last, size_t offset) {
        uint8_t bytes[HEAD_SIZE];

        ring_get(last, offset, bytes, sizeof bytes);
        return (LineHead) { .size = (uint16_t) (bytes[0] | bytes[1] << 8), .stream = bytes[2] };
}

static void ring_drop_oldest(LastOutput* last) {
        size_t size = HEAD_SIZE + ring_head(last, 0).size;

        last->begin = (last->begin + size) % last->allocated;
        last->used -= size;
        last->n_lines--;
}

/* Grows by half, not to the double: most of a small node's memory in this daemon is this ring. */
static void ring_reserve(LastOutput* last, size_t size) {
        size_t wanted = last->used + size;
        size_t allocated = last->allocated > 0 ? last->allocated : RING_SIZE_FIRST;
        uint8_t* ring;

        if (wanted <= last->allocated)
                return;
        while (allocated < wanted)
                allocated = min_size(allocated + allocated / 2, RING_SIZE_LARGEST);

        ring = xcalloc(allocated, 1);
        if (last->used > 0)
                ring_get(last, 0, ring, last->used);
        free_and_replace(last->ring, ring);
        last->allocated = allocated;
        last->begin = 0;
}

void last_output_done(LastOutput* last) {
        free(last->ring);
        *last = (LastOutput) {};
}

void last_output_add(LastOutput* last, Stream stream, const void* data, size_t size) {
        size_t kept = min_size(size, LAST_OUTPUT_LINE_BYTES_MAX);
        const uint8_t head[HEAD_SIZE] = { (uint8_t) (kept & 0xff), (uint8_t) (kept >> 8), (uint8_t) stream };

        if (last->n_lines == LAST_OUTPUT_LINES_MAX)
                ring_drop_oldest(last);
        ring_reserve(last, HEAD_SIZE + kept);
        ring_put(last, head, HEAD_SIZE);
        ring_put(last, data, kept);
        last->n_lines++;
}

static char** lines_where(const LastOutput* last, Stream stream) {
        char** lines = xcalloc(LAST_OUTPUT_LINES_MAX + 1, sizeof(char*));
        size_t offset = 0, n = 0;

        for (unsigned i = 0; i < last->n_lines; i++) {
                LineHead head = ring_head(last, offset);
                uint8_t data[LAST_OUTPUT_LINE_BYTES_MAX];

                if (stream == _STREAM_MAX || head.stream == (uint8_t) stream) {
                        ring_get(last, offset + HEAD_SIZE, data, head.size);
                        lines[n++] = escape_bytes(data, head.size, LAST_OUTPUT_LINE_BYTES_MAX);
                }
                offset += HEAD_SIZE + head.size;
        }
        return lines;
}

char** last_output_lines(const LastOutput* last) {
        return lines_where(last, _STREAM_MAX);
}

char** last_output_lines_of(const LastOutput* last, Stream stream) {
        assert(stream >= 0 && stream < _STREAM_MAX);
        return lines_where(last, stream);
}
