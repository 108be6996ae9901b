/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "output/journal-entry.h"
#include "supervisor/event-queue.h"
#include "supervisor/journal-writer.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/usec.h"

/* Small on purpose, where sd_journal_sendv() asks for 8 MiB: some 200 lines, less than journald's queue of 512
 * datagrams. A socket whose buffer is full becomes writable when three quarters of it are free, one whose peer's queue
 * is full becomes so with each datagram that is read; so a flood wakes us once for 150 lines and not for each of them
 * (2.3 µs of CPU for a line instead of 8.5), and the journal still has 50 to chew. What is larger goes as a memory
 * file. */
#define SEND_BUFFER_SIZE (128 * 1024)

/* How long a journal that is away is left alone before the next look. */
#define RECONNECT_USEC (100 * USEC_PER_MSEC)

typedef enum JournalState {
        JOURNAL_OPEN, /* takes entries, as far as we know */
        JOURNAL_FULL, /* its queue is full: the socket will be writable when it is not */
        JOURNAL_AWAY, /* nobody listens, or something else is wrong: only time can tell */
} JournalState;

TAILQ_HEAD(JournalWaiters, JournalWaiter);

struct JournalWriter {
        sd_event* event;
        sd_event_source* writable; /* on only while the journal is wanted: a free socket is always writable */
        sd_event_source* reconnect;
        struct sockaddr_un address;
        int fd;
        JournalState state;
        bool complained; /* said that it is away, and nothing went through since */
        struct JournalWaiters waiters, flooding;
        unsigned n_in_a_row; /* turns of waiters while others waited who flood */

        EventQueue* events;
        uint64_t n_dropped;
        uint64_t n_dropped_said;
};

static bool nobody_waits(const JournalWriter* w) {
        return TAILQ_EMPTY(&w->waiters) && TAILQ_EMPTY(&w->flooding);
}

static struct JournalWaiters* queue_of(JournalWriter* w, const JournalWaiter* waiter) {
        return waiter->floods ? &w->flooding : &w->waiters;
}

/* Who is next; NULL: nobody waits. */
static JournalWaiter* next_waiter(JournalWriter* w) {
        JournalWaiter* flooding = TAILQ_FIRST(&w->flooding);
        JournalWaiter* waiter = TAILQ_FIRST(&w->waiters);

        if (!flooding || (waiter && w->n_in_a_row < JOURNAL_WAITERS_IN_A_ROW)) {
                w->n_in_a_row = flooding ? w->n_in_a_row + 1 : 0;
                return waiter;
        }
        w->n_in_a_row = 0;
        return flooding;
}

static void watch_writable(JournalWriter* w) {
        bool wanted = w->state != JOURNAL_AWAY && !(nobody_waits(w) && event_queue_is_empty(w->events));
        int r = sd_event_source_set_enabled(w->writable, wanted ? SD_EVENT_ON : SD_EVENT_OFF);

        if (r < 0)
                (void) log_error_errno(r, "Failed to watch the journal's socket: %m");
}

static void journal_away(JournalWriter* w, int error) {
        int r;

        if (!w->complained)
                (void) log_warning_errno(error, "The journal takes no entries, output of nodes waits: %m");
        w->complained = true;
        w->state = JOURNAL_AWAY;
        watch_writable(w);

        r = sd_event_source_set_time_relative(w->reconnect, RECONNECT_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->reconnect, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_error_errno(r, "Failed to wait for the journal: %m");
}

static int send_message(JournalWriter* w, const struct msghdr* message) {
        ssize_t n;

        do
                n = sendmsg(w->fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

/* The protocol's way for large entries: an empty datagram with a memory file that nobody can change any more. */
static int send_as_file(JournalWriter* w, const struct iovec* iov, size_t n) {
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof control };
        struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        _cleanup_close_ int fd = memfd_create("zeek-journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -errno;
        for (size_t i = 0; i < n; i++) {
                int r = fd_write_all(fd, iov[i].iov_base, iov[i].iov_len);

                if (r < 0)
                        return r;
        }
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
        return send_message(w, &message);
}

int journal_writer_send(JournalWriter* w, const struct iovec* iov, size_t n) {
        const struct msghdr message = { .msg_iov = (struct iovec*) iov, .msg_iovlen = n };
        int r;

        if (w->state != JOURNAL_OPEN)
                return -EAGAIN;

        r = send_message(w, &message);
        if (r == -EMSGSIZE)
                r = send_as_file(w, iov, n);
        if (r == 0) {
                if (w->complained)
                        log_info("The journal takes entries again");
                w->complained = false;
                return 0;
        }
        if (r == -EAGAIN)
                w->state = JOURNAL_FULL;
        else
                journal_away(w, r);
        return -EAGAIN;
}

static int send_bytes(JournalWriter* w, const void* data, size_t size) {
        const struct iovec iov = { .iov_base = (void*) data, .iov_len = size };

        return journal_writer_send(w, &iov, 1);
}

static void send_events(JournalWriter* w) {
        const void* data;
        size_t size;

        while (event_queue_first(w->events, &data, &size)) {
                if (send_bytes(w, data, size) < 0)
                        return;
                event_queue_drop_first(w->events);
        }

        if (w->n_dropped > w->n_dropped_said) {
                log_warning("%" PRIu64 " events about nodes were dropped, the journal did not take them in time",
                            w->n_dropped - w->n_dropped_said);
                w->n_dropped_said = w->n_dropped;
        }
}

/* One waiter a loop turn: each of them may send a whole batch, and the bus wants its turn between two. */
static int on_writable(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        JournalWriter* w = userdata;
        JournalWaiter* next;

        w->state = JOURNAL_OPEN;
        send_events(w);

        next = w->state == JOURNAL_OPEN ? next_waiter(w) : NULL;
        if (next) {
                journal_waiter_cancel(next);
                next->ready(next->userdata);
        }
        watch_writable(w);
        return 0;
}

static int journal_connect(JournalWriter* w) {
        return connect(w->fd, (const struct sockaddr*) &w->address, sizeof w->address) < 0 ? -errno : 0;
}

static int on_reconnect(sd_event_source* s, uint64_t usec, void* userdata) {
        JournalWriter* w = userdata;
        int r = journal_connect(w);

        if (r < 0) {
                journal_away(w, r);
                return 0;
        }
        w->state = JOURNAL_OPEN;
        watch_writable(w);
        return 0;
}

static int writer_open(JournalWriter* w) {
        int size = SEND_BUFFER_SIZE;
        int r;

        w->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (w->fd < 0)
                return -errno;
        /* The kernel gives what it allows, and counts its own overhead: twice as much. */
        (void) setsockopt(w->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);

        r = sd_event_add_io(w->event, &w->writable, w->fd, EPOLLOUT, on_writable, w);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(w->writable, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(w->writable, "journal-writable");

        r = sd_event_add_time_relative(w->event, &w->reconnect, CLOCK_MONOTONIC, RECONNECT_USEC,
                                       RECONNECT_USEC / 4, on_reconnect, w);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(w->reconnect, "journal-reconnect");
        return sd_event_source_set_enabled(w->reconnect, SD_EVENT_OFF);
}

int journal_writer_new(sd_event* event, const char* path, JournalWriter** ret) {
        _cleanup_journal_writer_ JournalWriter* w = xnew0(JournalWriter);
        int r;

        w->fd = -EBADF;
        w->event = sd_event_ref(event);
        TAILQ_INIT(&w->waiters);
        TAILQ_INIT(&w->flooding);

        w->address.sun_family = AF_UNIX;
        if (strlen(path) >= sizeof w->address.sun_path)
                return -ENAMETOOLONG;
        (void) stpcpy(w->address.sun_path, path);

        r = event_queue_new(NULL, &w->events);
        if (r >= 0)
                r = writer_open(w);
        if (r < 0)
                return r;
        r = journal_connect(w);
        if (r < 0)
                journal_away(w, r);

        *ret = take_ptr(w);
        return 0;
}

int journal_writer_keep_events(JournalWriter* w, const char* path) {
        EventQueue* kept;
        int r = event_queue_new(path, &kept);

        if (r < 0)
                return r;
        assert(event_queue_is_empty(w->events));
        event_queue_free(w->events);
        w->events = kept;
        watch_writable(w);
        return 0;
}

JournalWriter* journal_writer_free(JournalWriter* w) {
        if (!w)
                return NULL;

        assert(nobody_waits(w));
        if (w->state == JOURNAL_FULL)
                w->state = JOURNAL_OPEN;
        if (w->events)
                send_events(w);
        event_queue_free(w->events);
        sd_event_source_unref(w->reconnect);
        sd_event_source_unref(w->writable);
        sd_event_unref(w->event);
        (void) fd_close(w->fd);
        free(w);
        return NULL;
}

void journal_writer_wait(JournalWriter* w, JournalWaiter* waiter) {
        if (waiter->writer)
                return;
        waiter->writer = w;
        TAILQ_INSERT_TAIL(queue_of(w, waiter), waiter, link);
        watch_writable(w);
}

void journal_waiter_cancel(JournalWaiter* waiter) {
        JournalWriter* w = waiter->writer;

        if (!w)
                return;
        TAILQ_REMOVE(queue_of(w, waiter), waiter, link);
        waiter->writer = NULL;
}

void journal_writer_event(JournalWriter* w, const JournalField* fields, size_t n) {
        _cleanup_journal_entry_ JournalEntry entry = {};
        int r;

        for (size_t i = 0; i < n; i++)
                journal_entry_add_string(&entry, fields[i].name, fields[i].value);
        if (event_queue_is_empty(w->events) && send_bytes(w, entry.data, entry.size) == 0)
                return;

        r = event_queue_append(w->events, entry.data, entry.size);
        if (r < 0) {
                if (r != -ENOBUFS && w->n_dropped == w->n_dropped_said)
                        (void) log_error_errno(r, "Failed to keep events about nodes for the journal: %m");
                w->n_dropped++;
                return;
        }
        watch_writable(w);
}

uint64_t journal_writer_events_dropped(const JournalWriter* w) {
        return w->n_dropped;
}
