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
        bool busy;
        int done_fd; /* eventfd: the thread is through */
        sd_event_source* source;

        bool has_thread;
        pthread_t thread;
        pthread_mutex_t lock; /* for what follows */
        pthread_cond_t called;
        void (*work)(void* userdata); /* NULL: there is none */
        void* work_userdata;
        bool dismissed;
};

/* False: it is not needed any more. */
static bool wait_for_work(Worker* w, void (**ret_work)(void* userdata)) {
        bool dismissed;

        (void) pthread_mutex_lock(&w->lock);
        while (!w->work && !w->dismissed)
                (void) pthread_cond_wait(&w->called, &w->lock);
        *ret_work = w->work;
        w->work = NULL;
        dismissed = w->dismissed;
        (void) pthread_mutex_unlock(&w->lock);
        return !dismissed;
}

static void* run(void* userdata) {
        Worker* w = userdata;
        void (*work)(void* userdata);

        while (wait_for_work(w, &work)) {
                work(w->work_userdata);
                (void) eventfd_write(w->done_fd, 1);
        }
        return NULL;
}

void worker_poll(Worker* w) {
        eventfd_t count;

        if (eventfd_read(w->done_fd, &count) < 0)
                return;
        w->busy = false;
        w->done(w->done_userdata);
}

static int on_done(sd_event_source* source, int fd, uint32_t events, void* userdata) {
        worker_poll(userdata);
        return 0;
}

int worker_new(sd_event* event, const char* name, void (*done)(void* userdata), void* userdata, Worker** ret) {
        Worker* w = xnew0(Worker);
        int r;

        w->done = done;
        w->done_userdata = userdata;
        (void) pthread_mutex_init(&w->lock, NULL);
        (void) pthread_cond_init(&w->called, NULL);
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

/* Gives it work, or NULL and nothing to wait for any more. */
static void call(Worker* w, void (*work)(void* userdata), void* userdata) {
        (void) pthread_mutex_lock(&w->lock);
        w->work = work;
        w->work_userdata = userdata;
        w->dismissed = !work;
        (void) pthread_cond_signal(&w->called);
        (void) pthread_mutex_unlock(&w->lock);
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
        if (w->has_thread) {
                call(w, NULL, NULL);
                (void) pthread_join(w->thread, NULL);
        }
        (void) pthread_cond_destroy(&w->called);
        (void) pthread_mutex_destroy(&w->lock);
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
        assert(!w->busy);
        if (!w->has_thread) {
                int r = pthread_create(&w->thread, NULL, run, w);

                if (r > 0)
                        return -r;
                w->has_thread = true;
        }
        w->busy = true;
        call(w, work, userdata);
        return 0;
}
