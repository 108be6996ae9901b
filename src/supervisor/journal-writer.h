/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The daemon's way into the journal: one datagram socket to journald, for the lines of all nodes and for what the
 * daemon itself has to say about them.
 *
 * Not sd_journal_sendv(), which blocks when the journal is stopped and takes a missing journal for success. Here
 * nothing blocks and nothing is lost: an entry is taken or it is not, and who has one that was not taken joins a queue
 * and is woken when there is room again, each in turn; those who have little to say before those who would fill it alone,
 * as fq_codel(8) does it with new flows of packets and old ones. A journal that is away (stopped, restarted, not there yet) is
 * a journal that is full; the socket is connected again every now and then. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <systemd/sd-event.h>

#include "util/macro.h"

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"

#define JOURNAL_WAITERS_IN_A_ROW 16U

typedef struct JournalWriter JournalWriter;
typedef struct JournalWaiter JournalWaiter;

/* Somebody whose entry was not taken. Embedded in its owner, who sets ready and userdata. */
struct JournalWaiter {
        void (*ready)(void* userdata);
        void* userdata;
        bool floods; /* it had its turn, and has more: it waits with its like. To be changed only while it does not wait */

        JournalWriter* writer; /* weak; NULL: does not wait */
        TAILQ_ENTRY(JournalWaiter) link;
};

typedef struct JournalField {
        const char* name;
        const char* value; /* NULL: the entry does not have this field */
} JournalField;

/* A journal that is not there yet is no failure. The path is JOURNAL_SOCKET_PATH but in tests. */
int journal_writer_new(sd_event* event, const char* path, JournalWriter** ret);
/* Has events that wait for the journal kept in this file, beyond the end of the daemon, and sends those that another one
 * has left in it. To be called before there is an event. */
int journal_writer_keep_events(JournalWriter* w, const char* path);
/* Tries once more to get rid of waiting events. Nobody waits any more at this point. */
JournalWriter* journal_writer_free(JournalWriter* w);
DEFINE_CLEANUP(JournalWriter*, journal_writer_free)
#define _cleanup_journal_writer_ _cleanup_(journal_writer_freep)

/* Sends one entry: 0 when the journal has it, -EAGAIN when it does not take it now. There are no other outcomes: an
 * entry too large for a datagram goes as a sealed memory file, and whatever else is wrong with the journal is waited
 * for. */
int journal_writer_send(JournalWriter* w, const struct iovec* iov, size_t n);

/* Has ready() called, once and from the loop, when the journal takes entries again and those who came before have had
 * their turn. Who floods comes behind all who do not, and yet after JOURNAL_WAITERS_IN_A_ROW of them. In ready() an entry
 * may be sent, and be refused again. Does nothing if it waits already. */
void journal_writer_wait(JournalWriter* w, JournalWaiter* waiter);
void journal_waiter_cancel(JournalWaiter* waiter);

/* Sends an entry of the daemon's own, in order with the others of its kind, now or when the journal takes it. Those that
 * are too many to wait (event-queue.h) are dropped and counted. */
void journal_writer_event(JournalWriter* w, const JournalField* fields, size_t n);

uint64_t journal_writer_events_dropped(const JournalWriter* w);
