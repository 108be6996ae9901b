/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/program-life.h"
#include "supervisor/helper-host.h"
#include "supervisor/hook-event.h"
#include "supervisor/hook-order.h"
#include "supervisor/hook-program.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

#define ANSWERS_SIZE 4096U     /* bytes of them that are read at once */
#define ANSWERS_READS_MAX 16U  /* before others have their turn */
#define STALL_USEC (250 * USEC_PER_MSEC)

struct HookProgram {
        HelperHost* host; /* weak */
        Hook* hook;
        ProgramLife life;
        ProgramQueue queue;
        HelperProcess* process; /* NULL: there is none, or it is not ours any more */
        int input, output;
        sd_event_source* writable;
        sd_event_source* readable;
        sd_event_source* timer;
        sd_event_source* room;
        usec_t armed_for; /* USEC_INFINITY: not armed */
        unsigned n_passed; /* lines that it was asked about, since its start */
};

static void start(HookProgram* p);

static usec_t now_here(void) {
        return now_usec(CLOCK_MONOTONIC);
}

/* ---- time ---- */

static usec_t next_time(const HookProgram* p) {
        switch (p->life.state) {
        case PROGRAM_STARTING:
        case PROGRAM_RUNNING:
                if (p->life.late)
                        return max_u64(program_life_patience(&p->life), program_queue_deadline(&p->queue));
                return min_u64(program_queue_deadline(&p->queue), program_queue_patience(&p->queue));
        case PROGRAM_ENDED:
        case PROGRAM_WAITING:
                return p->life.next;
        case PROGRAM_STOPPED:
                break;
        }
        return USEC_INFINITY;
}

/* A timer that is too early costs less than one that is set anew for each line. */
static void arm(HookProgram* p) {
        usec_t when = next_time(p);
        int r;

        if (p->armed_for <= when)
                return;
        r = sd_event_source_set_time(p->timer, when);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_error_errno(r, "Failed to watch the program of hook \"%s\": %m", p->hook->name);
        else
                p->armed_for = max_u64(when, now_here());
}

/* ---- failure ---- */

static void unwatch_pipes(HookProgram* p) {
        p->writable = sd_event_source_disable_unref(p->writable);
        p->readable = sd_event_source_disable_unref(p->readable);
}

static void close_pipes(HookProgram* p) {
        /* before: zeek-stem holds the same open file, and epoll would not notice our close(2) */
        unwatch_pipes(p);
        p->input = fd_close(p->input);
        p->output = fd_close(p->output);
}

/* Until now it was good, or until the question that it has not answered. */
static usec_t good_until(const HookProgram* p, usec_t now) {
        usec_t deadline = program_queue_deadline(&p->queue);

        return deadline == USEC_INFINITY ? now : deadline - min_u64(deadline, p->queue.timeout);
}

/* Everybody is told. The state says already that it cannot be asked. */
static void let_lines_pass(HookProgram* p, unsigned (*how)(ProgramQueue* q)) {
        p->n_passed += how(&p->queue);
}

static void fail(HookProgram* p, const char* why) {
        usec_t now = now_here();

        program_life_failed(&p->life, now, good_until(p, now));
        close_pipes(p);
        p->process = helper_process_end(p->process, true);
        let_lines_pass(p, program_queue_fail);
        hook_event_failed(helper_host_place(p->host), p->hook, why, p->n_passed, p->life.next - now);
        p->n_passed = 0;
        p->armed_for = USEC_INFINITY;
        arm(p);
}

/* It has closed its end of a pipe. Most probably it ends, and how is about to be said. Nothing is closed at our end, so that
 * it is not us whom it ends for. */
static void note_end(HookProgram* p) {
        usec_t now = now_here();

        program_life_ended(&p->life, now, good_until(p, now));
        unwatch_pipes(p);
        let_lines_pass(p, program_queue_fail);
        p->armed_for = USEC_INFINITY;
        arm(p);
}

/* ---- questions and answers ---- */

static void give_room(HookProgram* p) {
        if (!program_life_takes_questions(&p->life))
                return;
        program_queue_give_room(&p->queue, now_here());
        arm(p);
}

/* Reads what it has answered. It may have failed afterwards. */
static void hear(HookProgram* p) {
        char answers[ANSWERS_SIZE];

        for (unsigned i = 0; i < ANSWERS_READS_MAX && p->life.state == PROGRAM_RUNNING; i++) {
                unsigned n_before = p->queue.n_asked;
                _cleanup_free_ char* fault = NULL;
                ssize_t n = read(p->output, answers, sizeof answers);

                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return;
                if (n <= 0)
                        note_end(p);
                else if (program_queue_answered(&p->queue, answers, (size_t) n, now_here(), &fault) < 0)
                        fail(p, fault);
                else if (p->queue.n_asked < n_before && program_life_answered(&p->life))
                        program_queue_excuse(&p->queue, now_here());
                if (n < (ssize_t) sizeof answers)
                        return;
        }
}

static int on_readable(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        HookProgram* p = userdata;

        hear(p);
        give_room(p);
        return 0;
}

static void say(HookProgram* p) {
        const char* data;
        size_t size;

        while ((data = program_queue_unsent(&p->queue, &size))) {
                ssize_t n = write(p->input, data, size);

                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return;
                if (n < 0) {
                        hear(p); /* what it had to say before */
                        if (p->life.state == PROGRAM_RUNNING)
                                note_end(p);
                        return;
                }
                program_queue_sent(&p->queue, (size_t) n);
        }
        (void) sd_event_source_set_enabled(p->writable, SD_EVENT_OFF);
}

static int on_writable(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        say(userdata);
        return 0;
}

static int on_room(sd_event_source* s, void* userdata) {
        give_room(userdata);
        return 0;
}

static void on_kick(void* userdata) {
        HookProgram* p = userdata;

        (void) sd_event_source_set_enabled(p->room, SD_EVENT_ONESHOT);
}

int hook_program_ask(HookProgram* p, HookAsker* asker, uint32_t number, const char* node, Stream stream, const void* line,
                     size_t size) {
        int r;

        if (!program_life_takes_questions(&p->life))
                return -ENOTCONN;
        r = program_queue_ask(&p->queue, asker, number, node, stream, line, size, now_here());
        if (r >= 0 && p->writable)
                (void) sd_event_source_set_enabled(p->writable, SD_EVENT_ON);
        arm(p);
        return r;
}

/* ---- silence ---- */

static bool is_overdue(const HookProgram* p) {
        return (p->life.state == PROGRAM_STARTING || p->life.state == PROGRAM_RUNNING) &&
               program_queue_deadline(&p->queue) <= now_here();
}

static void fail_for_silence(HookProgram* p) {
        usec_t limit = p->life.proved ? p->queue.timeout : p->life.first_answer;
        _cleanup_free_ char* why = xasprintf("did not answer within %.3g s%s", (double) limit / (double) USEC_PER_SEC,
                                             p->life.proved ? "" : " of its start");

        fail(p, why);
}

static void check_deadline(HookProgram* p, usec_t late) {
        /* We were stopped, or swapped out, and have not even looked what it has answered meanwhile. */
        if (late > STALL_USEC)
                program_queue_excuse(&p->queue, now_here());
        if (is_overdue(p) && p->life.state == PROGRAM_RUNNING)
                hear(p);
        if (is_overdue(p)) {
                if (!program_life_was_silent(&p->life, now_here()))
                        fail_for_silence(p);
                else if (p->life.state == PROGRAM_STARTING)
                        let_lines_pass(p, program_queue_fail);
                else
                        let_lines_pass(p, program_queue_pass);
        }
        give_room(p);
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        HookProgram* p = userdata;
        usec_t now = now_here(), late = now - min_u64(p->armed_for, now);

        p->armed_for = USEC_INFINITY;
        switch (p->life.state) {
        case PROGRAM_STARTING:
        case PROGRAM_RUNNING:
                check_deadline(p, late);
                break;
        case PROGRAM_ENDED:
                if (p->life.next <= now)
                        fail(p, "closed its standard input or output");
                break;
        case PROGRAM_WAITING:
                if (p->life.next <= now) {
                        program_life_starts(&p->life, now);
                        start(p);
                }
                break;
        case PROGRAM_STOPPED:
                break;
        }
        arm(p);
        return 0;
}

/* ---- the process ---- */

static int watch_pipes(HookProgram* p) {
        sd_event* event = helper_host_place(p->host)->event;
        int r;

        r = sd_event_add_io(event, &p->writable, p->input, EPOLLOUT, on_writable, p);
        if (r >= 0)
                r = sd_event_add_io(event, &p->readable, p->output, EPOLLIN, on_readable, p);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(p->writable, "hook-questions");
        (void) sd_event_source_set_description(p->readable, "hook-answers");
        return 0;
}

static void on_started(void* userdata, int input, int output) {
        HookProgram* p = userdata;
        int r;

        p->input = input;
        p->output = output;
        program_life_runs(&p->life, now_here());
        arm(p);
        r = watch_pipes(p);
        if (r < 0) {
                _cleanup_free_ char* why = xasprintf("cannot be asked: %s", strerror(-r));

                fail(p, why);
                return;
        }
        hook_event_started(helper_host_place(p->host), p->hook);
}

static void on_ended(void* userdata, const char* how) {
        HookProgram* p = userdata;

        if (p->life.state == PROGRAM_RUNNING)
                hear(p); /* its last words; they may be worse than its end */
        if (p->life.state == PROGRAM_RUNNING || p->life.state == PROGRAM_ENDED)
                fail(p, how);
}

static void on_failed(void* userdata, const char* why) {
        HookProgram* p = userdata;
        _cleanup_free_ char* text = xasprintf("could not be started: %s", why);

        p->process = NULL;
        fail(p, p->life.state == PROGRAM_STARTING ? text : why);
}

/* For ever. */
static void stop(HookProgram* p) {
        program_life_stopped(&p->life);
        close_pipes(p);
        (void) program_queue_fail(&p->queue);
}

static void on_stopped(void* userdata) {
        HookProgram* p = userdata;

        p->process = NULL;
        stop(p);
}

static void start(HookProgram* p) {
        static const HelperProcessHandlers handlers = {
                .started = on_started,
                .ended = on_ended,
                .failed = on_failed,
                .stopped = on_stopped,
        };

        Helper helper = hook_helper(p->hook);

        if (helper_process_start(p->host, &helper, &handlers, p, &p->process) < 0)
                stop(p);
}

int hook_program_new(HelperHost* host, Hook* hook, HookProgram** ret) {
        _cleanup_(hook_program_freep) HookProgram* p = xnew0(HookProgram);
        sd_event* event = helper_host_place(host)->event;
        usec_t accuracy = 1 + min_u64(hook->timeout_usec / 50, STALL_USEC / 5);
        int r;

        p->host = host;
        p->hook = hook_ref(hook);
        p->input = p->output = -EBADF;
        p->armed_for = USEC_INFINITY;
        program_life_init(&p->life, hook->timeout_usec, now_here());
        program_queue_init(&p->queue, hook->timeout_usec, on_kick, p);

        r = sd_event_add_time(event, &p->timer, CLOCK_MONOTONIC, USEC_INFINITY, accuracy, on_timer, p);
        if (r >= 0)
                r = sd_event_add_defer(event, &p->room, on_room, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->room, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(p->timer, "hook-timeout");
        (void) sd_event_source_set_description(p->room, "hook-room");

        start(p);
        *ret = take_ptr(p);
        return 0;
}

bool hook_program_is_outdated(const HookProgram* p) {
        return p->process && helper_process_is_outdated(p->process);
}

HookProgram* hook_program_free(HookProgram* p) {
        if (!p)
                return NULL;

        stop(p);
        helper_process_end(p->process, false);
        sd_event_source_disable_unref(p->timer);
        sd_event_source_disable_unref(p->room);
        program_queue_done(&p->queue);
        hook_unref(p->hook);
        free(p);
        return NULL;
}
