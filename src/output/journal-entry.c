/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "output/journal-entry.h"
#include "util/alloc.h"

#define MESSAGE_TEXT "MESSAGE="
#define MESSAGE_BINARY "MESSAGE\n"
#define MESSAGE_SIZE (sizeof MESSAGE_TEXT - 1)

bool journal_field_name_is_valid(const char* name) {
        size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return name[length] == '\0' && length > 0 && length <= JOURNAL_FIELD_NAME_MAX && name[0] >= 'A' &&
               name[0] <= 'Z';
}

void journal_entry_done(JournalEntry* entry) {
        free(entry->data);
        *entry = (JournalEntry) {};
}

static void append(JournalEntry* entry, const void* data, size_t size) {
        if (size == 0)
                return;
        if (size > entry->allocated - entry->size) {
                entry->allocated = entry->size + size;
                /* a little ahead, for the fields to come */
                entry->allocated += entry->allocated / 2;
                entry->data = xreallocarray(entry->data, entry->allocated, 1);
        }
        memcpy(entry->data + entry->size, data, size);
        entry->size += size;
}

void journal_entry_add(JournalEntry* entry, const char* name, const void* value, size_t size) {
        assert(journal_field_name_is_valid(name));

        append(entry, name, strlen(name));
        if (size > 0 && memchr(value, '\n', size)) {
                uint64_t length = htole64(size);

                append(entry, "\n", 1);
                append(entry, &length, sizeof length);
        } else
                append(entry, "=", 1);
        append(entry, value, size);
        append(entry, "\n", 1);
}

void journal_entry_add_string(JournalEntry* entry, const char* name, const char* value) {
        if (value)
                journal_entry_add(entry, name, value, strlen(value));
}

void line_prefix_init(JournalEntry* prefix, const LineOrigin* origin, Stream stream) {
        _cleanup_free_ char* priority = xasprintf("%d", stream_priority(stream));
        _cleanup_free_ char* identifier = xasprintf("zeek-%s", origin->node);
        _cleanup_free_ char* pid = xasprintf("%d", (int) origin->pid);
        _cleanup_journal_entry_ JournalEntry entry = {};

        journal_entry_add_string(&entry, "PRIORITY", priority);
        journal_entry_add_string(&entry, "SYSLOG_IDENTIFIER", identifier);
        journal_entry_add_string(&entry, "ZEEK_NODE", origin->node);
        journal_entry_add_string(&entry, "ZEEK_ROLE", origin->role);
        journal_entry_add_string(&entry, "ZEEK_STREAM", stream_to_string(stream));
        journal_entry_add_string(&entry, "ZEEK_NODE_PID", pid);
        journal_entry_add_string(&entry, "OBJECT_PID", pid);
        journal_entry_add_string(&entry, origin->user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT",
                                 origin->scope);
        append(&entry, MESSAGE_TEXT, MESSAGE_SIZE);

        /* There are two of these for each node, for as long as it lives: no spare room. */
        *prefix = (JournalEntry) {
                .data = xmemdup(entry.data, entry.size),
                .size = entry.size,
                .allocated = entry.size,
        };
}

static void push(LineEntry* entry, const void* data, size_t size) {
        assert(entry->n < ELEMENTSOF(entry->iov));
        entry->iov[entry->n++] = (struct iovec) { .iov_base = (void*) data, .iov_len = size };
}

/* The newline that ends the message, and what only the pieces of long lines have. */
static void push_tail(LineEntry* entry, const Line* line) {
        int length = 0;

        if (line->part > 0)
                length = snprintf(entry->tail, sizeof entry->tail, "\nZEEK_LINE_PART=%u\n%s", line->part,
                                  line->cut ? "ZEEK_LINE_BREAK=line-max\n" : "");
        push(entry, line->part > 0 ? entry->tail : "\n", line->part > 0 ? (size_t) length : 1);
}

/* The prefix, of which the first size bytes are wanted, with another PRIORITY, which is its first field. */
static void push_prefix(LineEntry* entry, const JournalEntry* prefix, size_t size, const LineChange* change) {
        size_t skip = 0;

        if (change && change->priority >= 0) {
                int length = snprintf(entry->priority, sizeof entry->priority, "PRIORITY=%d\n", change->priority);

                push(entry, entry->priority, (size_t) length);
                skip = (size_t) ((const char*) memchr(prefix->data, '\n', size) - prefix->data) + 1;
        }
        push(entry, prefix->data + skip, size - skip);
}

static void push_message(LineEntry* entry, const JournalEntry* prefix, const Line* line, const LineChange* change) {
        if (memchr(line->data, '\n', line->size)) {
                /* Never with lines of the splitter; whoever makes others can still forge nothing. */
                uint64_t length = htole64(line->size);

                memcpy(mempcpy(entry->head, MESSAGE_BINARY, MESSAGE_SIZE), &length, sizeof length);
                push_prefix(entry, prefix, prefix->size - MESSAGE_SIZE, change);
                push(entry, entry->head, MESSAGE_SIZE + sizeof length);
                push(entry, line->data, line->size);
                push_tail(entry, line);
                return;
        }

        push_prefix(entry, prefix, prefix->size, change);
        if (line->terminated && line->part == 0)
                push(entry, line->data, line->size + 1);
        else {
                push(entry, line->data, line->size);
                push_tail(entry, line);
        }
}

void line_entry_set(LineEntry* entry, const JournalEntry* prefix, const Line* line, const LineChange* change) {
        entry->n = 0;
        push_message(entry, prefix, line, change);
        if (change && change->fields.size > 0)
                push(entry, change->fields.data, change->fields.size);
}
