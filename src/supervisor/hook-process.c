/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "link/node-fds.h"
#include "link/stem-names.h"
#include "supervisor/hook-order.h"
#include "supervisor/hook-process.h"
#include "util/fd.h"
#include "util/log.h"

#define INPUT_PIPE_SIZE (256 * 1024)
#define KILL_AGAIN_USEC (1 * USEC_PER_SEC)

HookProcess* hook_process_new(HookHost* host, const char* name, const char* scope) {
        HookProcess* p = xnew0(HookProcess);

        p->host = host;
        p->name = xstrdup(name);
        p->scope = xstrdup(scope);
        p->input = -EBADF;
        TAILQ_INSERT_TAIL(&host->processes, p, entry);
        return p;
}

void hook_process_free(HookProcess* p) {
        TAILQ_REMOVE(&p->host->processes, p, entry);
        sd_bus_slot_unref(p->call);
        sd_event_source_disable_unref(p->timer);
        hook_errors_free(p->errors);
        fd_close(p->input);
        hook_unref(p->hook);
        free(p->name);
        free(p->scope);
        free(p);
}

static void forget(HookProcess* p) {
        HookHost* host = p->host;

        hook_process_free(p);
        hook_host_process_gone(host);
}

/* Whoever wants it is told that there is no such process. */
void hook_process_fail(HookProcess* p, const char* why) {
        const HookProcessHandlers* handlers = p->handlers;
        void* userdata = p->userdata;

        forget(p);
        if (handlers)
                handlers->failed(userdata, why);
}

/* ---- the end ---- */

/* One-way; repeated until the stem says that there is nothing left. */
static void post(HookProcess* p, const char* member, int signal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = p->host->s->stem;
        int r;

        r = stem_client_new_call(stem, member, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", p->name);
        if (r >= 0 && signal > 0)
                r = sd_bus_message_append(call, "i", signal);
        if (r >= 0)
                r = stem_client_post(stem, call);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to have the stem %s \"%s\": %m", member, p->name);
}

static int on_released(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        HookProcess* p = userdata;

        p->call = sd_bus_slot_unref(p->call);
        if (stem_answer_is_lost(reply)) {
                adoption_start(p->host->s->adoption);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("zeek-stem did not release \"%s\": %s", p->name, sd_bus_message_get_error(reply)->message);
        forget(p);
        return 0;
}

static void release(HookProcess* p) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = p->host->s->stem;
        int r;

        if (p->call)
                return;
        (void) sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        p->errors = hook_errors_free(p->errors);
        r = stem_client_new_call(stem, "Release", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", p->name);
        if (r >= 0)
                r = stem_client_send(stem, call, &p->call, on_released, p);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to release \"%s\": %m", p->name);
}

static int on_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        HookProcess* p = userdata;

        if (p->urgency < HOOK_PROCESS_KILL)
                p->urgency++;
        hook_process_pursue(p);
        return 0;
}

static void arm_timer(HookProcess* p, usec_t delay) {
        int r;

        if (!p->timer)
                r = sd_event_add_time_relative(p->host->place.event, &p->timer, CLOCK_MONOTONIC, delay, 0, on_timer, p);
        else {
                r = sd_event_source_set_time_relative(p->timer, delay);
                if (r >= 0)
                        r = sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
        }
        /* ESTALE: the loop has ended. So does the program then, with its input, or by the next daemon. */
        if (r < 0 && r != -ESTALE)
                (void) log_error_errno(r, "Failed to watch the end of \"%s\": %m", p->name);
}

/* Does what is next to be done about one that nobody wants. */
void hook_process_pursue(HookProcess* p) {
        if (p->state != HOOK_PROCESS_ENDING)
                return;

        if (p->exited && p->emptied)
                release(p);
        else if (p->urgency == HOOK_PROCESS_KILL || p->exited) {
                post(p, "KillScope", SIGKILL);
                arm_timer(p, KILL_AGAIN_USEC);
        } else {
                if (p->urgency == HOOK_PROCESS_TERMINATE)
                        post(p, "Terminate", 0);
                arm_timer(p, HOOK_STOP_USEC);
        }
}

HookProcess* hook_process_end(HookProcess* p, bool kill) {
        if (!p)
                return NULL;

        p->handlers = NULL;
        p->input = fd_close(p->input);
        if (kill)
                p->urgency = HOOK_PROCESS_KILL;
        if (p->state == HOOK_PROCESS_QUEUED)
                forget(p);
        else if (p->state == HOOK_PROCESS_RUNNING) {
                p->state = HOOK_PROCESS_ENDING;
                hook_process_pursue(p);
        }
        return NULL;
}

/* ---- launch ---- */

static int make_input(int* ret_read, int* ret_write) {
        int fds[2];
        int r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        /* Only our end: the program's is a description of its own, and stays blocking. */
        r = fd_set_nonblocking(fds[1], true);
        if (r < 0) {
                fd_close(fds[0]);
                fd_close(fds[1]);
                return r;
        }
        /* Without the right to have it so large it stays small. */
        (void) fcntl(fds[1], F_SETPIPE_SZ, INPUT_PIPE_SIZE);
        *ret_read = fds[0];
        *ret_write = fds[1];
        return 0;
}

static void watch_errors(HookProcess* p, int fd) {
        const HookHostPlace* place = &p->host->place;
        const HookErrorsOrigin origin = {
                .hook = p->hook->name, .scope = p->scope, .pid = (pid_t) p->pid, .user_mode = place->user_mode
        };
        int copy = fd_duplicate(fd), r;

        r = copy < 0 ? copy : hook_errors_new(place->event, place->journal, &origin, copy, &p->errors);
        if (r < 0)
                (void) log_error_errno(r, "Failed to read what the program of hook \"%s\" prints: %m", p->hook->name);
}

static void on_running(HookProcess* p, int output, int error) {
        _cleanup_close_ int copy = fd_duplicate(output);

        watch_errors(p, error);
        p->state = p->handlers && copy >= 0 ? HOOK_PROCESS_RUNNING : HOOK_PROCESS_ENDING;
        if (p->state == HOOK_PROCESS_RUNNING) {
                p->handlers->started(p->userdata, take_fd(p->input), take_fd(copy));
                return;
        }

        p->input = fd_close(p->input);
        if (p->handlers) { /* there is no descriptor to be had */
                const HookProcessHandlers* handlers = take_ptr(p->handlers);

                p->urgency = HOOK_PROCESS_KILL;
                handlers->failed(p->userdata, strerror(-copy));
        }
        hook_process_pursue(p);
}

/* Nothing came of the launch, or that of somebody else did. */
static void requeue(HookProcess* p) {
        p->input = fd_close(p->input);
        if (p->handlers)
                p->state = HOOK_PROCESS_QUEUED;
        else
                forget(p);
}

static int on_launched(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        const sd_bus_error* error = sd_bus_message_get_error(reply);
        HookProcess* p = userdata;
        HookHost* host = p->host;
        int fds[_NODE_FD_MAX];

        p->call = sd_bus_slot_unref(p->call);
        if (stem_answer_is_lost(reply) || sd_bus_error_has_name(error, STEM_ERROR_EXISTS)) {
                requeue(p);
                hook_host_look_again(host);
        } else if (error)
                hook_process_fail(p, error->message);
        else if (sd_bus_message_read(reply, "u", &p->pid) >= 0 && node_fds_read(reply, fds) >= 0)
                on_running(p, fds[NODE_FD_OUTPUT], fds[NODE_FD_ERROR]);
        return 0;
}

static int send_order(HookProcess* p) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        _cleanup_close_ int theirs = -EBADF;
        Supervisor* s = p->host->s;
        int r;

        r = stem_client_new_call(s->stem, "Launch", &call);
        if (r >= 0)
                r = make_input(&theirs, &p->input);
        if (r >= 0)
                r = hook_order_append(call, p->hook, &s->configuration->hook_account, s->places.user_mode, theirs);
        if (r >= 0)
                r = stem_client_send(s->stem, call, &p->call, on_launched, p);
        if (r < 0)
                p->input = fd_close(p->input);
        return r;
}

void hook_process_launch(HookProcess* p) {
        const char* problem = p->host->s->configuration->hook_account.problem;
        int r;

        if (problem) {
                hook_process_fail(p, problem);
                return;
        }
        r = send_order(p);
        if (r >= 0)
                p->state = HOOK_PROCESS_LAUNCHING;
        else if (r != -ENOTCONN) { /* else there will be a connection */
                _cleanup_free_ char* why = xasprintf("hand the order to zeek-stem: %s", strerror(-r));

                hook_process_fail(p, why);
        }
}
