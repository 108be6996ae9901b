/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: line_max beyond the smallest, then the stream with the sizes in which it comes mixed in: a byte, and as many
 * bytes of the stream as it says. The lines must be those of a splitter that sees all at once and knows no limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/line-splitter.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

typedef struct Stream {
        LineSplitter splitter;
        char* bytes; /* written so far */
        size_t size;
        size_t taken;
        char* joined; /* what the lines said, each with a newline, the pieces of one joined again */
        size_t joined_size;
        unsigned last_part; /* of a line that is not over */
} Stream;

static void say(Stream* s, const Line* line) {
        check(line->size > 0 && line->size <= s->splitter.line_max);
        check(!memchr(line->data, '\n', line->size));
        check(line->data + line->size + line->terminated == s->bytes + s->taken + line->taken);
        check(!line->terminated || line->data[line->size] == '\n');
        check(!(line->cut && line->terminated));
        check(line->part == (line->cut || s->last_part > 0 ? s->last_part + 1 : 0));

        memcpy(s->joined + s->joined_size, line->data, line->size);
        s->joined_size += line->size;
        if (!line->cut)
                s->joined[s->joined_size++] = '\n';
        s->last_part = line->cut ? line->part : 0;
}

static void split(Stream* s, WindowEnd end) {
        Line line;

        for (;;) {
                bool found = line_splitter_next(&s->splitter, s->bytes + s->taken, s->size - s->taken, end, &line);

                /* a single byte that was stuck went as a piece, and nothing but the newline was left of its line */
                if (s->last_part > 0 && line.taken > 0 && s->bytes[s->taken] == '\n') {
                        s->joined[s->joined_size++] = '\n';
                        s->last_part = 0;
                }
                if (found)
                        say(s, &line);
                line_splitter_commit(&s->splitter, &line);
                s->taken += line.taken;
                check(s->taken <= s->size);
                if (!found)
                        break;
                if (end == WINDOW_STUCK)
                        end = WINDOW_OPEN;
        }
        check(end == WINDOW_LAST ? s->taken == s->size : s->size - s->taken <= s->splitter.line_max);
}

/* The same, the obvious way. */
static size_t expected_lines(const char* bytes, size_t size, char* ret) {
        size_t n = 0;

        for (size_t i = 0; i < size; i++)
                if (bytes[i] != '\n' || (n > 0 && ret[n - 1] != '\n'))
                        ret[n++] = bytes[i];
        if (n > 0 && ret[n - 1] != '\n')
                ret[n++] = '\n';
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        Stream s = {};

        if (size < 1)
                return 0;
        s.splitter.line_max = LINE_MAX_SMALLEST + data[0];
        data++;
        size--;
        s.bytes = xcalloc(size + 1, 1);
        s.joined = xcalloc(2 * size + 2, 1);

        while (size > 0) {
                size_t n = min_size(data[0] & 0x7f, size - 1);

                memcpy(s.bytes + s.size, data + 1, n);
                s.size += n;
                split(&s, data[0] & 0x80 ? WINDOW_STUCK : WINDOW_OPEN);
                data += n + 1;
                size -= n + 1;
        }
        split(&s, WINDOW_LAST);
        if (s.last_part > 0) /* the end of the stream ended a line that had no byte left */
                s.joined[s.joined_size++] = '\n';

        char* expected = xcalloc(s.size + 2, 1);
        size_t expected_size = expected_lines(s.bytes, s.size, expected);
        check(expected_size == s.joined_size && memcmp(expected, s.joined, expected_size) == 0);

        free(expected);
        free(s.joined);
        free(s.bytes);
        return 0;
}
