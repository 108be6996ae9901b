/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/event-queue.h"
#include "util/alloc.h"
#include "util/fd.h"

/* The file begins with the place of the oldest entry; each entry is its size and its bytes. An entry is there once all of
 * it is: a daemon that is killed while it writes one leaves a piece of it at the end, which is not looked at. While nothing
 * waits there is no file. */
typedef uint64_t Head;
typedef uint32_t Size;

#define FILE_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

struct EventQueue {
        char* path; /* NULL: the file has no name, and is kept */
        int fd;     /* empty while there is no file */
        Head first; /* where the oldest entry is */
        Head end;   /* behind the youngest */
        unsigned n;
        char* bytes; /* of the entry that was shown last */
};

static bool read_at(const EventQueue* q, void* data, size_t size, Head at) {
        return pread(q->fd, data, size, (off_t) at) == (ssize_t) size;
}

static int write_at(const EventQueue* q, const void* data, size_t size, Head at) {
        ssize_t n = pwrite(q->fd, data, size, (off_t) at);

        return n < 0 ? -errno : n == (ssize_t) size ? 0 : -ENOSPC;
}

static bool read_size(const EventQueue* q, Head at, Size* ret) {
        return read_at(q, ret, sizeof *ret, at) && *ret <= EVENT_QUEUE_BYTES_MAX;
}

static void forget_all(EventQueue* q) {
        q->first = q->end = sizeof(Head);
        q->n = 0;
        /* First of all empty: a directory may have been made read-only. */
        (void) !ftruncate(q->fd, 0);
        if (q->path) {
                (void) unlink(q->path);
                q->fd = fd_close(q->fd);
        }
}

/* Counts what is there. */
static int look(EventQueue* q) {
        struct stat st;
        Size size;

        if (fstat(q->fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;
        if (!read_at(q, &q->first, sizeof q->first, 0) || q->first < sizeof(Head) || q->first > (Head) st.st_size) {
                forget_all(q);
                return 0;
        }
        for (q->end = q->first; q->n < EVENT_QUEUE_MAX && read_size(q, q->end, &size); q->n++) {
                if (q->end + sizeof size + size > (Head) st.st_size)
                        break;
                q->end += sizeof size + size;
        }
        if (q->n == 0)
                forget_all(q);
        return 0;
}

int event_queue_new(const char* path, EventQueue** ret) {
        _cleanup_(event_queue_freep) EventQueue* q = xnew0(EventQueue);
        int r;

        q->path = xstrdup_or_null(path);
        q->first = q->end = sizeof(Head);
        q->fd = path ? open(path, O_RDWR | FILE_FLAGS) : memfd_create("zeek-supervisor-events", MFD_CLOEXEC);
        if (q->fd < 0 && (!path || errno != ENOENT))
                return -errno;
        if (path && q->fd >= 0) {
                r = look(q);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(q);
        return 0;
}

EventQueue* event_queue_free(EventQueue* q) {
        if (!q)
                return NULL;

        (void) fd_close(q->fd);
        free(q->path);
        free(q->bytes);
        free(q);
        return NULL;
}

bool event_queue_is_empty(const EventQueue* q) {
        return q->n == 0;
}

static int begin_file(EventQueue* q) {
        if (q->fd < 0) {
                q->fd = open(q->path, O_RDWR | O_CREAT | O_TRUNC | FILE_FLAGS, 0600);
                if (q->fd < 0)
                        return -errno;
        }
        return write_at(q, &q->first, sizeof q->first, 0);
}

int event_queue_append(EventQueue* q, const void* data, size_t size) {
        Size head = (Size) size;
        int r;

        if (q->n >= EVENT_QUEUE_MAX || size > EVENT_QUEUE_BYTES_MAX || q->end + size > EVENT_QUEUE_BYTES_MAX)
                return -ENOBUFS;
        r = q->n == 0 ? begin_file(q) : 0;
        if (r >= 0)
                r = write_at(q, &head, sizeof head, q->end);
        if (r >= 0)
                r = write_at(q, data, size, q->end + sizeof head);
        if (r < 0) {
                if (q->n == 0 && q->fd >= 0)
                        forget_all(q);
                return r;
        }
        q->end += sizeof head + size;
        q->n++;
        return 0;
}

bool event_queue_first(EventQueue* q, const void** ret_data, size_t* ret_size) {
        Size size;

        if (q->n == 0)
                return false;
        if (read_size(q, q->first, &size)) {
                q->bytes = xreallocarray(q->bytes, size + 1U, 1);
                if (read_at(q, q->bytes, size, q->first + sizeof size)) {
                        *ret_data = q->bytes;
                        *ret_size = size;
                        return true;
                }
        }
        /* Somebody else has written to the file. */
        forget_all(q);
        return false;
}

void event_queue_drop_first(EventQueue* q) {
        Size size;

        if (q->n <= 1 || !read_size(q, q->first, &size)) {
                forget_all(q);
                return;
        }
        q->n--;
        q->first += sizeof size + size;
        (void) write_at(q, &q->first, sizeof q->first, 0);
}
