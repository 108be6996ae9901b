/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Entries in the journal's native protocol: NAME=value and a newline, or, for a value that holds a newline itself,
 * NAME, a newline, the length in 8 bytes, the value, a newline. One entry is one datagram: newer journals store only the
 * first of several (systemd-facts.md), so nothing here ever makes two.
 *
 * Of a node's line only MESSAGE is new. All that its stream's lines have in common is written once, and a line is
 * sent from where it lies. No value can become a field of its own, whatever bytes it holds. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "output/line-splitter.h"
#include "output/stream.h"

#define JOURNAL_FIELD_NAME_MAX 64U

/* What journald takes from a client: A-Z, 0-9 and '_', beginning with a letter. */
bool journal_field_name_is_valid(const char* name);

/* The bytes of an entry, or of the first part of one. All zero is an empty one. */
typedef struct JournalEntry {
        char* data;
        size_t size;
        size_t allocated;
} JournalEntry;

void journal_entry_done(JournalEntry* entry);
#define _cleanup_journal_entry_ _cleanup_(journal_entry_done)

/* The name is a valid one. */
void journal_entry_add(JournalEntry* entry, const char* name, const void* value, size_t size);
/* A NULL value adds no field. */
void journal_entry_add_string(JournalEntry* entry, const char* name, const char* value);

/* Whose lines they are. */
typedef struct LineOrigin {
        const char* node;
        const char* role;
        const char* scope;
        pid_t pid;
        bool user_mode; /* the scope is one of a user's service manager */
} LineOrigin;

/* The entry of a stream's lines up to their text: all its fields and "MESSAGE=". PRIORITY is the first field. */
void line_prefix_init(JournalEntry* prefix, const LineOrigin* origin, Stream stream);

/* What hooks have made of it. */
typedef struct LineChange {
        int priority;        /* of syslog(3); -1: the stream's */
        JournalEntry fields; /* further ones */
} LineChange;

/* One line's entry, in pieces: the prefix, the line itself and what it has beyond others. Valid as long as what it was
 * made from is, and not to be copied: it points into itself. */
typedef struct LineEntry {
        struct iovec iov[6];
        size_t n;
        char priority[16];
        char head[16];
        char tail[64];
} LineEntry;

/* A NULL change changes nothing. */
void line_entry_set(LineEntry* entry, const JournalEntry* prefix, const Line* line, const LineChange* change);
