/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: the file in which entries wait for the journal. Whatever is in it, the queue ends, takes more, and gives that. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/event-queue.h"
#include "util/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static char path[] = "/tmp/fuzz-event-queue-XXXXXX";

static void remove_file(void) {
        (void) unlink(path);
}

static void write_input(const uint8_t* data, size_t size) {
        static bool made;
        _cleanup_close_ int fd = made ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : mkostemp(path, O_CLOEXEC);

        assert(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        if (!made)
                (void) atexit(remove_file);
        made = true;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_(event_queue_freep) EventQueue* q = NULL;
        unsigned n = 0;
        const void* entry;
        size_t entry_size;

        if (size > EVENT_QUEUE_BYTES_MAX)
                return 0;
        write_input(data, size);
        assert(event_queue_new(path, &q) >= 0);
        for (; event_queue_first(q, &entry, &entry_size); event_queue_drop_first(q)) {
                assert(entry_size <= size);
                n++;
        }
        assert(n <= EVENT_QUEUE_MAX && event_queue_is_empty(q));

        assert(event_queue_append(q, "more", 4) >= 0);
        assert(event_queue_first(q, &entry, &entry_size) && entry_size == 4 && memcmp(entry, "more", 4) == 0);
        event_queue_drop_first(q);
        assert(event_queue_is_empty(q));
        return 0;
}
