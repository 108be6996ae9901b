/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "supervisor/pipe-window.h"
#include "util/alloc.h"
#include "util/fd.h"

/* A pipe's size unless somebody changed it, so that it need not be fitted to most of them. */
#define SCRATCH_SIZE (64 * 1024)

static void scratch_close(PipeWindow* w) {
        w->scratch_read = fd_close(w->scratch_read);
        w->scratch_write = fd_close(w->scratch_write);
}

static int scratch_resize(PipeWindow* w, int size) {
        int actual;

        if (size == w->scratch_size)
                return 0;
        actual = fcntl(w->scratch_write, F_SETPIPE_SZ, size);
        if (actual < 0)
                return -errno;
        w->scratch_size = actual;
        return 0;
}

static int scratch_open(PipeWindow* w) {
        int fds[2];

        if (w->scratch_read >= 0)
                return 0;
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        w->scratch_read = fds[0];
        w->scratch_write = fds[1];
        w->scratch_size = fcntl(w->scratch_write, F_GETPIPE_SZ);
        (void) scratch_resize(w, SCRATCH_SIZE); /* a small one shows less at a time, and that is all */
        return 0;
}

int pipe_window_init(PipeWindow* w) {
        int r;

        *w = (PipeWindow) { .scratch_read = -EBADF, .scratch_write = -EBADF, .null_fd = -EBADF };

        r = scratch_open(w);
        if (r < 0)
                return r;
        w->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (w->null_fd < 0) {
                r = -errno;
                scratch_close(w);
                return r;
        }
        return 0;
}

void pipe_window_done(PipeWindow* w) {
        scratch_close(w);
        w->null_fd = fd_close(w->null_fd);
        free(w->bytes);
        *w = (PipeWindow) { .scratch_read = -EBADF, .scratch_write = -EBADF, .null_fd = -EBADF };
}

static ssize_t scratch_fill(PipeWindow* w, int fd, size_t max) {
        ssize_t n;

        do
                n = tee(fd, w->scratch_write, max, SPLICE_F_NONBLOCK);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* In a pipe of packets (O_DIRECT, which a node may set on its end) each read gives one of them. */
static int scratch_read_all(PipeWindow* w, size_t size) {
        w->begin = w->end = 0;
        while (w->end < size) {
                ssize_t n = read(w->scratch_read, w->bytes + w->end, size - w->end);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        /* A page that a node had spliced from a file and that cannot be read. The scratch pipe must
                         * be empty for the next one who looks. */
                        int r = n < 0 ? -errno : -EIO;

                        scratch_close(w);
                        w->end = 0;
                        return r == -EAGAIN ? -EIO : r;
                }
                w->end += (size_t) n;
        }
        return 0;
}

static ssize_t show(PipeWindow* w, const void* owner, int fd, size_t max, bool* ret_full) {
        ssize_t n;
        int r;

        w->owner = NULL;
        if (max > w->allocated) {
                w->bytes = xreallocarray(w->bytes, max, 1);
                w->allocated = max;
        }

        n = scratch_fill(w, fd, max);
        if (n <= 0)
                return n;
        if (ret_full) {
                struct pollfd poll_fd = { .fd = w->scratch_write, .events = POLLOUT };

                *ret_full = poll(&poll_fd, 1, 0) == 0;
        }
        r = scratch_read_all(w, (size_t) n);
        if (r < 0)
                return r;
        w->owner = owner;
        return n;
}

ssize_t pipe_window_show(PipeWindow* w, const void* owner, int fd, size_t max) {
        int r = scratch_open(w);

        return r < 0 ? r : show(w, owner, fd, max, NULL);
}

ssize_t pipe_window_show_full(PipeWindow* w, const void* owner, int fd, size_t max, bool* ret_full) {
        ssize_t n;
        int size, r;

        r = scratch_open(w);
        if (r < 0)
                return r;
        size = fcntl(fd, F_GETPIPE_SZ);
        if (size < 0)
                return -errno;

        /* If it cannot grow that far, then a full scratch pipe says that no more than this can be seen: to those who
         * wait for the end of a line it is the same. */
        (void) scratch_resize(w, size);
        *ret_full = false;
        n = show(w, owner, fd, max, ret_full);
        if (w->scratch_write >= 0)
                (void) scratch_resize(w, SCRATCH_SIZE);
        return n;
}

int pipe_window_take(PipeWindow* w, int fd, size_t size) {
        assert(size <= pipe_window_size(w));

        while (size > 0) {
                ssize_t n = splice(fd, NULL, w->null_fd, NULL, size, SPLICE_F_NONBLOCK);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        int r = n < 0 ? -errno : -EAGAIN;

                        w->owner = NULL;
                        return r;
                }
                w->begin += (size_t) n;
                size -= (size_t) n;
        }
        return 0;
}

void pipe_window_forget(PipeWindow* w, const void* owner) {
        if (w->owner == owner)
                w->owner = NULL;
}
