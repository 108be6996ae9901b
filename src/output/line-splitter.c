/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "output/line-splitter.h"
#include "util/escape.h"
#include "util/macro.h"

/* How much of at most limit bytes to cut off, so that no character is torn; size > limit bytes are there. A journal
 * reader shows a message that is not valid UTF-8 as a blob, and a tear would spoil both pieces. */
static size_t cut_length(const char* data, size_t size, size_t limit) {
        for (size_t back = 1; back <= 3 && back < limit; back++) {
                const char* p = data + limit - back;

                if (((unsigned char) *p & 0xc0) == 0x80)
                        continue;
                return utf8_sequence_length(p, size - limit + back) > back ? limit - back : limit;
        }
        return limit;
}

bool line_splitter_next(const LineSplitter* splitter, const void* window, size_t size, WindowEnd end, Line* ret) {
        const char* data = window;
        const char* newline;
        size_t skipped = 0;
        unsigned part = splitter->part;

        assert(splitter->line_max >= LINE_MAX_SMALLEST && splitter->line_max <= LINE_MAX_LARGEST);

        for (; skipped < size && data[skipped] == '\n'; skipped++)
                part = 0;
        data += skipped;
        size -= skipped;
        *ret = (Line) { .taken = skipped, .next_part = part };
        if (size == 0)
                return false;

        newline = memchr(data, '\n', min_size(size, splitter->line_max + 1));
        if (newline) {
                ret->size = (size_t) (newline - data);
                ret->terminated = true;
        } else if (size > splitter->line_max) {
                ret->size = cut_length(data, size, splitter->line_max);
                ret->cut = true;
        } else if (end == WINDOW_STUCK) {
                /* One byte stays behind, so that the last piece is not empty when the newline comes next. */
                ret->size = size > 1 ? cut_length(data, size, size - 1) : 1;
                ret->cut = true;
        } else if (end == WINDOW_LAST)
                ret->size = size;
        else
                return false;

        ret->data = data;
        ret->taken += ret->size + ret->terminated;
        ret->part = part > 0 || ret->cut ? part + 1 : 0;
        ret->next_part = ret->cut ? ret->part : 0;
        return true;
}

void line_splitter_commit(LineSplitter* splitter, const Line* line) {
        splitter->part = line->next_part;
}
