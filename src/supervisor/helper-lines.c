/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "output/journal-entry.h"
#include "output/rate-limit.h"
#include "supervisor/helper-lines.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

#define BUFFER_SIZE (2 * HELPER_LINES_LINE_MAX)
/* Of a program that has ended: more than the pipe holds, in case that some process of it has not. */
#define LAST_WORDS_MAX (512U * 1024)

struct HelperLines {
        JournalWriter* journal; /* weak */
        JournalEntry prefix;
        int fd;
        sd_event_source* source;
        JournalWaiter waiter;
        RateLimit limit;
        uint64_t n_dropped;
        LineSplitter splitter;
        size_t size;
        char buffer[BUFFER_SIZE];
};

static void errors_close(HelperLines* e) {
        e->source = sd_event_source_disable_unref(e->source);
        e->fd = fd_close(e->fd);
}

static int send_message(const HelperLines* e, const char* text, size_t size) {
        const struct iovec iov[] = {
                { .iov_base = e->prefix.data, .iov_len = e->prefix.size },
                { .iov_base = (void*) "MESSAGE=", .iov_len = strlen("MESSAGE=") },
                { .iov_base = (void*) text, .iov_len = size },
                { .iov_base = (void*) "\n", .iov_len = 1 },
        };

        return journal_writer_send(e->journal, iov, ELEMENTSOF(iov));
}

static int send_dropped(HelperLines* e) {
        _cleanup_free_ char* text = NULL;
        int r;

        if (e->n_dropped == 0)
                return 0;
        text = xasprintf("%ju lines were dropped, the program prints too many", (uintmax_t) e->n_dropped);
        r = send_message(e, text, strlen(text));
        if (r >= 0)
                e->n_dropped = 0;
        return r;
}

static int send_line(HelperLines* e, const Line* line) {
        int r;

        if (!rate_limit_take(&e->limit, now_usec(CLOCK_MONOTONIC))) {
                e->n_dropped++;
                return 0;
        }
        r = send_dropped(e);
        if (r >= 0)
                r = send_message(e, line->data, line->size);
        if (r < 0)
                rate_limit_give_back(&e->limit);
        return r;
}

/* Sends the lines in the buffer. -EAGAIN: the journal does not take them now. */
static int send_lines(HelperLines* e, WindowEnd end) {
        size_t begin = 0;
        int r = 0;

        for (;;) {
                Line line;
                bool found = line_splitter_next(&e->splitter, e->buffer + begin, e->size - begin, end, &line);

                if (!found && line.taken == 0)
                        break;
                if (found)
                        r = send_line(e, &line);
                if (r < 0)
                        break;
                line_splitter_commit(&e->splitter, &line);
                begin += line.taken;
        }
        e->size -= begin;
        memmove(e->buffer, e->buffer + begin, e->size);
        return r;
}

/* Reads once. 1: there may be more; 0: not now, or never. */
static int read_some(HelperLines* e) {
        ssize_t n = read(e->fd, e->buffer + e->size, BUFFER_SIZE - e->size);

        if (n > 0) {
                e->size += (size_t) n;
                return 1;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
                errors_close(e);
        return 0;
}

static void proceed(HelperLines* e) {
        /* The buffer is never full here: half of it is a line that is cut. */
        if (send_lines(e, e->fd < 0 ? WINDOW_LAST : WINDOW_OPEN) < 0) {
                if (e->source)
                        (void) sd_event_source_set_enabled(e->source, SD_EVENT_OFF);
                journal_writer_wait(e->journal, &e->waiter);
        }
}

static int on_readable(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        HelperLines* e = userdata;

        (void) read_some(e);
        proceed(e);
        return 0;
}

static void on_journal(void* userdata) {
        HelperLines* e = userdata;

        if (e->source)
                (void) sd_event_source_set_enabled(e->source, SD_EVENT_ON);
        proceed(e);
}

static void make_prefix(JournalEntry* prefix, const HelperLinesOrigin* origin) {
        _cleanup_free_ char* priority = xasprintf("%d", origin->priority);
        _cleanup_free_ char* pid = xasprintf("%d", (int) origin->pid);

        journal_entry_add_string(prefix, "PRIORITY", priority);
        journal_entry_add_string(prefix, "SYSLOG_IDENTIFIER", origin->identifier);
        if (origin->hook)
                journal_entry_add_string(prefix, "ZEEK_HOOK", origin->hook);
        journal_entry_add_string(prefix, "OBJECT_PID", pid);
        journal_entry_add_string(prefix, origin->user_mode ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT",
                                 origin->scope);
}

int helper_lines_new(sd_event* event, JournalWriter* journal, const HelperLinesOrigin* origin, int fd, HelperLines** ret) {
        _cleanup_(helper_lines_freep) HelperLines* e = xnew0(HelperLines);
        int r;

        e->journal = journal;
        e->fd = fd;
        e->waiter = (JournalWaiter) { .ready = on_journal, .userdata = e };
        e->limit = (RateLimit) { .interval = HELPER_LINES_INTERVAL_USEC, .burst = HELPER_LINES_BURST };
        e->splitter.line_max = HELPER_LINES_LINE_MAX;
        make_prefix(&e->prefix, origin);
        r = sd_event_add_io(event, &e->source, fd, EPOLLIN, on_readable, e);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(e->source, "helper-lines");

        *ret = take_ptr(e);
        return 0;
}

HelperLines* helper_lines_free(HelperLines* e) {
        if (!e)
                return NULL;

        journal_waiter_cancel(&e->waiter);
        for (size_t n = 0; e->fd >= 0 && n < LAST_WORDS_MAX / BUFFER_SIZE; n++)
                if (read_some(e) == 0 || send_lines(e, WINDOW_OPEN) < 0)
                        break;
        (void) send_lines(e, WINDOW_LAST);
        (void) send_dropped(e);
        errors_close(e);
        journal_entry_done(&e->prefix);
        free(e);
        return NULL;
}
