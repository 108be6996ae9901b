/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "supervisor/worker.h"
#include "util/alloc.h"
#include "util/fd.h"

struct Worker {
        void (*done)(void* userdata);
        void* done_userdata;
        void (*work)(void* userdata);
        void* work_userdata;
        bool busy;
        pthread_t thread;
        int done_fd; /* eventfd: the thread is through */
        sd_event_source* source;
};

static void* run(void* userdata) {
        Worker* w = userdata;

        w->work(w->work_userdata);
        (void) eventfd_write(w->done_fd, 1);
        return NULL;
}

static int on_done(sd_event_source* source, int fd, uint32_t events, void* userdata) {
        Worker* w = userdata;
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        (void) pthread_join(w->thread, NULL);
        w->busy = false;
        w->done(w->done_userdata);
        return 0;
}

int worker_new(sd_event* event, const char* name, void (*done)(void* userdata), void* userdata, Worker** ret) {
        _cleanup_(worker_freep) Worker* w = xnew0(Worker);
        int r;

        w->done = done;
        w->done_userdata = userdata;
        w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (w->done_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &w->source, w->done_fd, EPOLLIN, on_done, w);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(w->source, name);

        *ret = take_ptr(w);
        return 0;
}

Worker* worker_free(Worker* w) {
        if (!w)
                return NULL;

        if (w->busy)
                (void) pthread_join(w->thread, NULL);
        sd_event_source_disable_unref(w->source);
        (void) fd_close(w->done_fd);
        free(w);
        return NULL;
}

bool worker_is_busy(const Worker* w) {
        return w->busy;
}

int worker_start(Worker* w, void (*work)(void* userdata), void* userdata) {
        int r;

        assert(!w->busy);
        w->work = work;
        w->work_userdata = userdata;
        r = pthread_create(&w->thread, NULL, run, w);
        if (r > 0)
                return -r;
        w->busy = true;
        return 0;
}
