/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: a byte of choices, then the line. Whatever the line holds, journald must see one entry, with the fields of the
 * stream and the line's bytes as its message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/journal-entry.h"
#include "unit/journal-decode.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

static void check_line(const Line* line, Stream stream) {
        static const LineOrigin origin = { .node = "n", .role = "worker", .scope = "zeek-node-n.scope", .pid = 1 };
        JournalEntry prefix = {};
        LineEntry entry;
        Decoded decoded;
        size_t size = 0;
        char* bytes;

        line_prefix_init(&prefix, &origin, stream);
        line_entry_set(&entry, &prefix, line, NULL);
        bytes = xcalloc(prefix.size + line->size + 256, 1);
        for (size_t i = 0; i < entry.n; i++) {
                memcpy(bytes + size, entry.iov[i].iov_base, entry.iov[i].iov_len);
                size += entry.iov[i].iov_len;
        }

        check(journal_decode(bytes, size, &decoded));
        check(decoded.n == (size_t) 9 + (line->part > 0) + (line->part > 0 && line->cut));
        check(decoded_equals(&decoded, "MESSAGE", line->data, line->size));
        check(decoded_is(&decoded, "ZEEK_STREAM", stream_to_string(stream)));
        check(decoded_is(&decoded, "OBJECT_PID", "1"));
        free(bytes);
        journal_entry_done(&prefix);
}

static void check_field(const void* value, size_t size) {
        JournalEntry entry = {};
        Decoded decoded;

        journal_entry_add(&entry, "MESSAGE", value, size);
        journal_entry_add_string(&entry, "PRIORITY", "6");
        check(journal_decode(entry.data, entry.size, &decoded));
        check(decoded.n == 2);
        check(decoded_equals(&decoded, "MESSAGE", value, size));
        check(decoded_is(&decoded, "PRIORITY", "6"));
        journal_entry_done(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        if (size < 2)
                return 0;

        const Line line = {
                .data = (const char*) data + 1,
                .size = size - 2,
                .terminated = data[size - 1] == '\n',
                .part = data[0] & 1,
                .cut = data[0] & 2,
        };

        if (line.size > 0)
                check_line(&line, data[0] & 4 ? STREAM_STDERR : STREAM_STDOUT);
        check_field(line.data, line.size);
        return 0;
}
