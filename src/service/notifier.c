/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "service/notifier.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/usec.h"

#define FDS_MAX 8U
#define RETRY_USEC (100 * USEC_PER_MSEC)

/* One that waits. */
typedef struct Notice {
        char* text;
        int fds[FDS_MAX]; /* duplicates */
        size_t n_fds;
        notifier_sent_t sent;
        void* userdata;
        TAILQ_ENTRY(Notice) entry;
} Notice;

struct Notifier {
        int fd; /* connected; -EBADF: nobody to tell, or the connection has to be made again */
        struct sockaddr_un address;
        socklen_t address_size; /* 0: nobody to tell */
        sd_event* event;
        sd_event_source* writable;
        sd_event_source* timer;
        bool complained;
        TAILQ_HEAD(, Notice) queue;
};

static Notice* notice_free(Notice* notice) {
        for (size_t i = 0; i < notice->n_fds; i++)
                (void) fd_close(notice->fds[i]);
        free(notice->text);
        free(notice);
        return NULL;
}

static int read_address(Notifier* n) {
        const char* path = getenv("NOTIFY_SOCKET");
        size_t length = path ? strlen(path) : 0;

        if (length == 0)
                return 0;
        if ((path[0] != '/' && path[0] != '@') || length >= sizeof n->address.sun_path)
                return -EINVAL;

        n->address.sun_family = AF_UNIX;
        memcpy(n->address.sun_path, path, length + 1);
        n->address_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + 1);
        if (path[0] == '@') {
                n->address.sun_path[0] = 0;
                n->address_size--;
        }
        return 0;
}

static int send_now(Notifier* n, const char* text, const int* fds, size_t n_fds) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control = {};
        struct iovec iov = { .iov_base = (void*) text, .iov_len = strlen(text) };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (n->fd < 0)
                return -ENOTCONN;
        if (n_fds > 0) {
                m.msg_control = &control;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
        }
        return sendmsg(n->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void disconnect(Notifier* n) {
        n->writable = sd_event_source_disable_unref(n->writable);
        n->fd = fd_close(n->fd);
}

static void retry_in(Notifier* n, usec_t delay) {
        (void) sd_event_source_set_time_relative(n->timer, delay);
        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_ONESHOT);
}

/* Sends what waits, as far as it goes. */
static void send_queued(Notifier* n) {
        Notice* notice;

        while ((notice = TAILQ_FIRST(&n->queue))) {
                int r = send_now(n, notice->text, notice->fds, notice->n_fds);

                if (r == -EAGAIN) {
                        (void) sd_event_source_set_enabled(n->writable, SD_EVENT_ON);
                        return;
                }
                if (r < 0) {
                        /* Too many descriptors in flight, or the service manager is not there; both pass. */
                        if (!n->complained)
                                (void) log_warning_errno(r, "Failed to notify the service manager, trying on: %m");
                        n->complained = true;
                        if (r != -ETOOMANYREFS)
                                disconnect(n);
                        retry_in(n, RETRY_USEC);
                        return;
                }

                n->complained = false;
                TAILQ_REMOVE(&n->queue, notice, entry);
                if (notice->sent)
                        notice->sent(notice->userdata);
                notice_free(notice);
        }
        (void) sd_event_source_set_enabled(n->writable, SD_EVENT_OFF);
}

static int on_writable(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        send_queued(userdata);
        return 0;
}

static int connect_socket(Notifier* n) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0 || connect(fd, (const struct sockaddr*) &n->address, n->address_size) < 0)
                return -errno;
        r = sd_event_add_io(n->event, &n->writable, fd, EPOLLOUT, on_writable, n);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(n->writable, SD_EVENT_OFF);
        (void) sd_event_source_set_description(n->writable, "notify");
        n->fd = take_fd(fd);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        Notifier* n = userdata;

        if (n->fd < 0 && connect_socket(n) < 0)
                retry_in(n, RETRY_USEC);
        else
                send_queued(n);
        return 0;
}

int notifier_new(sd_event* event, Notifier** ret) {
        _cleanup_(notifier_freep) Notifier* n = xnew0(Notifier);
        int r;

        n->fd = -EBADF;
        n->event = sd_event_ref(event);
        TAILQ_INIT(&n->queue);
        r = read_address(n);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &n->timer, CLOCK_MONOTONIC, 0, 0, on_timer, n);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_description(n->timer, "notify-retry");
        if (n->address_size > 0)
                r = connect_socket(n);
        if (r < 0)
                return r;

        *ret = take_ptr(n);
        return 0;
}

Notifier* notifier_free(Notifier* n) {
        Notice* notice;

        if (!n)
                return NULL;

        while ((notice = TAILQ_FIRST(&n->queue))) {
                TAILQ_REMOVE(&n->queue, notice, entry);
                notice_free(notice);
        }
        disconnect(n);
        (void) sd_event_source_disable_unref(n->timer);
        sd_event_unref(n->event);
        free(n);
        return NULL;
}

int notifier_send(Notifier* n, const char* text, const int* fds, size_t n_fds, notifier_sent_t sent, void* userdata) {
        Notice* notice;

        assert(n_fds <= FDS_MAX);
        if (n->address_size == 0)
                return 1;
        if (TAILQ_EMPTY(&n->queue) && send_now(n, text, fds, n_fds) >= 0)
                return 1;

        notice = xnew0(Notice);
        notice->text = xstrdup(text);
        notice->sent = sent;
        notice->userdata = userdata;
        for (size_t i = 0; i < n_fds; i++) {
                int copy = fd_duplicate(fds[i]);

                if (copy < 0) {
                        notice_free(notice);
                        return copy;
                }
                notice->fds[notice->n_fds++] = copy;
        }
        TAILQ_INSERT_TAIL(&n->queue, notice, entry);
        /* From the loop: who called does not expect to be called in turn. */
        if (TAILQ_FIRST(&n->queue) == notice)
                retry_in(n, 0);
        return 0;
}

int notifier_try(Notifier* n, const char* text) {
        int r;

        if (n->address_size == 0)
                return 0;
        r = send_now(n, text, NULL, 0);
        if (r < 0 && r != -EAGAIN && r != -ENOTCONN) {
                disconnect(n);
                retry_in(n, RETRY_USEC);
        }
        return r;
}

void notifier_forget(Notifier* n, const void* userdata) {
        Notice* notice;

        TAILQ_FOREACH(notice, &n->queue, entry)
                if (notice->userdata == userdata)
                        notice->sent = NULL;
}
