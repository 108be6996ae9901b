/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "link/node-fds.h"
#include "link/stem-names.h"
#include "supervisor/helper-process.h"
#include "supervisor/seccomp-order.h"
#include "util/fd.h"
#include "util/hash.h"
#include "util/log.h"

#define INPUT_PIPE_SIZE (256 * 1024)
#define KILL_AGAIN_USEC (1 * USEC_PER_SEC)

void helper_done(Helper* helper) {
        if (helper->type)
                helper->type->release(helper->subject);
        free(helper->name);
        free(helper->scope);
        free(helper->identifier);
        free(helper->hook);
        *helper = (Helper) {};
}

HelperProcess* helper_process_new(HelperHost* host, Helper* helper) {
        HelperProcess* p = xnew0(HelperProcess);

        p->host = host;
        p->helper = *helper;
        *helper = (Helper) {};
        p->input = -EBADF;
        TAILQ_INSERT_TAIL(&host->processes, p, entry);
        return p;
}

void helper_process_free(HelperProcess* p) {
        TAILQ_REMOVE(&p->host->processes, p, entry);
        sd_bus_slot_unref(p->call);
        sd_event_source_disable_unref(p->timer);
        helper_lines_free(p->errors);
        fd_close(p->input);
        helper_done(&p->helper);
        free(p);
}

static void forget(HelperProcess* p) {
        HelperHost* host = p->host;

        helper_process_free(p);
        helper_host_process_gone(host);
}

/* Whoever wants it is told that there is no such process. */
void helper_process_fail(HelperProcess* p, const char* why) {
        const HelperProcessHandlers* handlers = p->handlers;
        void* userdata = p->userdata;

        forget(p);
        if (handlers)
                handlers->failed(userdata, why);
}

/* ---- the end ---- */

/* One-way; repeated until the stem says that there is nothing left. */
static void post(HelperProcess* p, const char* member, int signal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = p->host->s->stem;
        int r;

        r = stem_client_new_call(stem, member, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", p->helper.name);
        if (r >= 0 && signal > 0)
                r = sd_bus_message_append(call, "i", signal);
        if (r >= 0)
                r = stem_client_post(stem, call);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to have the stem %s \"%s\": %m", member, p->helper.name);
}

static int on_released(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        HelperProcess* p = userdata;

        p->call = sd_bus_slot_unref(p->call);
        if (stem_answer_is_lost(reply)) {
                adoption_start(p->host->s->adoption);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("zeek-stem did not release \"%s\": %s", p->helper.name, sd_bus_message_get_error(reply)->message);
        forget(p);
        return 0;
}

static void release(HelperProcess* p) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = p->host->s->stem;
        int r;

        if (p->call)
                return;
        (void) sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        p->errors = helper_lines_free(p->errors);
        r = stem_client_new_call(stem, "Release", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", p->helper.name);
        if (r >= 0)
                r = stem_client_send(stem, call, &p->call, on_released, p);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to release \"%s\": %m", p->helper.name);
}

static int on_timer(sd_event_source* source, uint64_t usec, void* userdata) {
        HelperProcess* p = userdata;

        if (p->urgency < HELPER_PROCESS_KILL)
                p->urgency++;
        helper_process_pursue(p);
        return 0;
}

static void arm_timer(HelperProcess* p, usec_t delay) {
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
                (void) log_error_errno(r, "Failed to watch the end of \"%s\": %m", p->helper.name);
}

/* Does what is next to be done about one that nobody wants. */
void helper_process_pursue(HelperProcess* p) {
        if (p->state != HELPER_PROCESS_ENDING)
                return;

        if (p->exited && p->emptied)
                release(p);
        else if (p->urgency == HELPER_PROCESS_KILL || p->exited) {
                post(p, "KillScope", SIGKILL);
                arm_timer(p, KILL_AGAIN_USEC);
        } else {
                if (p->urgency == HELPER_PROCESS_TERMINATE)
                        post(p, "Terminate", 0);
                arm_timer(p, p->helper.type->stop_usec);
        }
}

HelperProcess* helper_process_end(HelperProcess* p, bool kill) {
        if (!p)
                return NULL;

        p->handlers = NULL;
        p->input = fd_close(p->input);
        if (kill)
                p->urgency = HELPER_PROCESS_KILL;
        else if (!p->helper.type->has_input)
                p->urgency = HELPER_PROCESS_TERMINATE;
        if (p->state == HELPER_PROCESS_QUEUED)
                forget(p);
        else if (p->state == HELPER_PROCESS_RUNNING) {
                p->state = HELPER_PROCESS_ENDING;
                helper_process_pursue(p);
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

static void watch_errors(HelperProcess* p, int fd) {
        const HelperHostPlace* place = &p->host->place;
        const HelperLinesOrigin origin = {
                .identifier = p->helper.identifier,
                .hook = p->helper.hook,
                .scope = p->helper.scope,
                .priority = LOG_WARNING,
                .pid = (pid_t) p->pid,
                .user_mode = place->user_mode,
        };
        int copy = fd_duplicate(fd), r;

        r = copy < 0 ? copy : helper_lines_new(place->event, place->journal, &origin, copy, &p->errors);
        if (r < 0)
                (void) log_error_errno(r, "Failed to read what \"%s\" prints: %m", p->helper.name);
}

static void on_running(HelperProcess* p, int output, int error) {
        _cleanup_close_ int copy = fd_duplicate(output);

        watch_errors(p, error);
        p->state = p->handlers && copy >= 0 ? HELPER_PROCESS_RUNNING : HELPER_PROCESS_ENDING;
        if (p->state == HELPER_PROCESS_RUNNING) {
                p->handlers->started(p->userdata, take_fd(p->input), take_fd(copy));
                return;
        }

        p->input = fd_close(p->input);
        if (p->handlers) { /* there is no descriptor to be had */
                const HelperProcessHandlers* handlers = take_ptr(p->handlers);

                p->urgency = HELPER_PROCESS_KILL;
                handlers->failed(p->userdata, strerror(-copy));
        }
        helper_process_pursue(p);
}

/* Nothing came of the launch, or that of somebody else did. */
static void requeue(HelperProcess* p) {
        p->input = fd_close(p->input);
        if (p->handlers)
                p->state = HELPER_PROCESS_QUEUED;
        else
                forget(p);
}

static int on_launched(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        const sd_bus_error* error = sd_bus_message_get_error(reply);
        HelperProcess* p = userdata;
        HelperHost* host = p->host;
        int fds[_NODE_FD_MAX];

        p->call = sd_bus_slot_unref(p->call);
        if (stem_answer_is_lost(reply) || sd_bus_error_has_name(error, STEM_ERROR_EXISTS)) {
                requeue(p);
                helper_host_look_again(host);
        } else if (error)
                helper_process_fail(p, error->message);
        else if (sd_bus_message_read(reply, "u", &p->pid) >= 0 && node_fds_read(reply, fds) >= 0)
                on_running(p, fds[NODE_FD_OUTPUT], fds[NODE_FD_ERROR]);
        return 0;
}

static uint64_t hash_profile(const SeccompProfile* seccomp) {
        return seccomp ? seccomp_order_hash(HASH_BASIS, seccomp) : 0;
}

/* -EINVAL with an allocated reason: there is none that can be used. */
static int find_profile(const HelperProcess* p, const SeccompProfile** ret, char** ret_why) {
        const char* name = p->helper.type->seccomp;

        return seccomp_profiles_find(&p->host->s->configuration->profiles, name ? name : SECCOMP_NONE, ret, ret_why);
}

bool helper_process_is_outdated(const HelperProcess* p) {
        const SeccompProfile* seccomp;
        _cleanup_free_ char* why = NULL;

        /* With one that is no good, nothing better can be had. */
        if (p->state == HELPER_PROCESS_QUEUED || find_profile(p, &seccomp, &why) < 0)
                return false;
        return p->seccomp_hash != hash_profile(seccomp);
}

static int send_order(HelperProcess* p, const SeccompProfile* seccomp) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        _cleanup_close_ int theirs = -EBADF;
        const HelperType* type = p->helper.type;
        Supervisor* s = p->host->s;
        int r;

        r = stem_client_new_call(s->stem, "Launch", &call);
        if (r >= 0 && type->has_input)
                r = make_input(&theirs, &p->input);
        if (r >= 0)
                r = type->append_order(p->helper.subject, call, s, seccomp, theirs);
        if (r >= 0)
                r = stem_client_send(s->stem, call, &p->call, on_launched, p);
        if (r < 0)
                p->input = fd_close(p->input);
        p->seccomp_hash = hash_profile(seccomp);
        return r;
}

void helper_process_launch(HelperProcess* p) {
        const char* problem = p->helper.type->problem(p->helper.subject, p->host->s->configuration);
        const SeccompProfile* seccomp;
        _cleanup_free_ char* why = NULL;
        int r;

        if (problem) {
                helper_process_fail(p, problem);
                return;
        }
        if (find_profile(p, &seccomp, &why) < 0) {
                _cleanup_free_ char* text = xasprintf("load seccomp profile '%s': %s", p->helper.type->seccomp, why);

                helper_process_fail(p, text);
                return;
        }
        r = send_order(p, seccomp);
        if (r >= 0)
                p->state = HELPER_PROCESS_LAUNCHING;
        else if (r != -ENOTCONN) { /* else there will be a connection */
                _cleanup_free_ char* text = xasprintf("hand the order to zeek-stem: %s", strerror(-r));

                helper_process_fail(p, text);
        }
}
