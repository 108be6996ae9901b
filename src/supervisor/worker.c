/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "supervisor/worker.h"
#include "util/alloc.h"
#include "util/fd.h"

static bool left_at_work;

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
        Worker* w = xnew0(Worker);
        int r;

        w->done = done;
        w->done_userdata = userdata;
        w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = w->done_fd < 0 ? -errno : sd_event_add_io(event, &w->source, w->done_fd, EPOLLIN, on_done, w);
        if (r < 0) {
                (void) worker_free(w);
                return r;
        }
        (void) sd_event_source_set_description(w->source, name);

        *ret = w;
        return 0;
}

bool worker_free(Worker* w) {
        if (!w)
                return true;

        w->source = sd_event_source_disable_unref(w->source);
        if (w->busy) {
                (void) pthread_detach(w->thread);
                left_at_work = true;
                return false;
        }
        (void) fd_close(w->done_fd);
        free(w);
        return true;
}

void worker_exit(int status) {
        if (left_at_work)
                /* Not exit(3), which takes away what a library's code is still running on. */
                _exit(status);
        exit(status);
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
