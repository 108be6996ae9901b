/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/uio.h>
#include <unistd.h>

#include "supervisor/status-watch.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/inotify.h"
#include "util/log.h"

struct StatusWatches {
        sd_event* event;
        int fd;
        sd_event_source* source;
        TAILQ_HEAD(, StatusWatch) all;
};

struct StatusWatch {
        StatusWatches* watches; /* weak */
        const char* name;       /* weak */
        int fd;
        int number; /* of the inotify watch; negative: it has fired, or there is none any more */
        sd_event_source* timer;
        ZeekStatus status;
        bool ended_well;
        void (*changed)(void* userdata);
        void* userdata;
        TAILQ_ENTRY(StatusWatch) entry;
};

/* What has just been written is in memory. A file system that cannot say so, and those that live in memory cannot, is
 * asked as usual. */
static ssize_t read_file(int fd, char* text, size_t size) {
        struct iovec iov = { .iov_base = text, .iov_len = size };
        ssize_t n = preadv2(fd, &iov, 1, 0, RWF_NOWAIT);

        return n < 0 && errno == EOPNOTSUPP ? pread(fd, text, size, 0) : n;
}

/* True: it says something else than before. An empty file is one that is being written. */
static bool look(StatusWatch* watch) {
        char text[ZEEK_STATUS_SIZE_MAX];
        ssize_t n = read_file(watch->fd, text, sizeof text);
        ZeekStatus status = n < 0 ? _ZEEK_STATUS_INVALID : zeek_status_parse(text, (size_t) n);

        if (status < 0 || status == watch->status)
                return false;
        log_debug("Node \"%s\" says that it is %s", watch->name, zeek_status_to_string(status));
        watch->status = status;
        watch->ended_well = zeek_status_is_good_end(text, (size_t) n);
        return true;
}

/* By the descriptor: that needs no right to anything but the file. */
static int arm(StatusWatch* watch) {
        char path[32];

        (void) snprintf(path, sizeof path, "/proc/self/fd/%i", watch->fd);
        watch->number = inotify_add_watch(watch->watches->fd, path, IN_CLOSE_WRITE | IN_ONESHOT);
        return watch->number < 0 ? -errno : 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        StatusWatch* watch = userdata;
        int r;

        /* armed first: what is written between the two is seen by one of them */
        r = arm(watch);
        if (r < 0) /* the node has taken our right to read it */
                (void) log_debug_errno(r, "Failed to watch the status file of node \"%s\" any longer: %m", watch->name);
        if (look(watch))
                watch->changed(watch->userdata);
        return 0;
}

static void fire(StatusWatch* watch) {
        bool changed = look(watch);

        watch->number = -1;
        (void) sd_event_source_set_time_relative(watch->timer, STATUS_WATCH_INTERVAL_USEC);
        (void) sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
        if (changed)
                watch->changed(watch->userdata);
}

/* A number that nobody has is that of a watch that has been freed. */
static void dispatch(const struct inotify_event* e, void* userdata) {
        StatusWatches* watches = userdata;
        StatusWatch* watch;

        TAILQ_FOREACH(watch, &watches->all, entry)
                if (watch->number == e->wd && (e->mask & IN_CLOSE_WRITE)) {
                        fire(watch);
                        return;
                }
}

static int on_events(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        inotify_read_events(fd, dispatch, userdata);
        return 0;
}

int status_watches_new(sd_event* event, StatusWatches** ret) {
        StatusWatches* watches = xnew0(StatusWatches);
        int r;

        watches->event = sd_event_ref(event);
        TAILQ_INIT(&watches->all);
        watches->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        r = watches->fd < 0 ? -errno
                            : sd_event_add_io(event, &watches->source, watches->fd, EPOLLIN, on_events, watches);
        if (r < 0) {
                status_watches_free(watches);
                return r;
        }
        (void) sd_event_source_set_description(watches->source, "status-files");
        *ret = watches;
        return 0;
}

StatusWatches* status_watches_free(StatusWatches* watches) {
        if (!watches)
                return NULL;

        assert(TAILQ_EMPTY(&watches->all));
        sd_event_source_disable_unref(watches->source);
        (void) fd_close(watches->fd);
        sd_event_unref(watches->event);
        free(watches);
        return NULL;
}

int status_watch_new(StatusWatches* watches, const char* name, int fd, void (*changed)(void* userdata), void* userdata,
                     StatusWatch** ret) {
        StatusWatch* watch = xnew0(StatusWatch);
        int r;

        watch->watches = watches;
        watch->name = name;
        watch->fd = fd;
        watch->status = _ZEEK_STATUS_INVALID;
        watch->changed = changed;
        watch->userdata = userdata;
        TAILQ_INSERT_TAIL(&watches->all, watch, entry);

        r = sd_event_add_time_relative(watches->event, &watch->timer, CLOCK_MONOTONIC, 0, 0, on_timer, watch);
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = arm(watch);
        if (r < 0) {
                status_watch_free(watch);
                return r;
        }
        (void) sd_event_source_set_description(watch->timer, "status-file");
        (void) look(watch);
        *ret = watch;
        return 0;
}

StatusWatch* status_watch_free(StatusWatch* watch) {
        if (!watch)
                return NULL;

        if (watch->number >= 0)
                (void) inotify_rm_watch(watch->watches->fd, watch->number);
        TAILQ_REMOVE(&watch->watches->all, watch, entry);
        sd_event_source_disable_unref(watch->timer);
        (void) fd_close(watch->fd);
        free(watch);
        return NULL;
}

ZeekStatus status_watch_status(const StatusWatch* watch) {
        return watch->status;
}

bool status_watch_has_ended_well(const StatusWatch* watch) {
        return watch->ended_well;
}

int status_watch_fd(const StatusWatch* watch) {
        return watch->fd;
}
