/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "supervisor/archiver.h"
#include "supervisor/cgroup.h"
#include "supervisor/helper-process.h"
#include "supervisor/hook-order.h"
#include "supervisor/shutdown.h"
#include "util/log.h"
#include "util/strv.h"

#define AGAIN_USEC (100 * USEC_PER_MSEC)

static void start_soon(HelperHost* host) {
        (void) sd_event_source_set_enabled(host->start, SD_EVENT_ONESHOT);
}

void helper_host_process_gone(HelperHost* host) {
        if (!host->stopping)
                start_soon(host);
        else if (TAILQ_EMPTY(&host->processes)) {
                host->stopped = true;
                shutdown_check(host->s);
        }
}

void helper_host_look_again(HelperHost* host) {
        (void) sd_event_source_set_time_relative(host->again, AGAIN_USEC);
        (void) sd_event_source_set_enabled(host->again, SD_EVENT_ONESHOT);
}

/* ---- starts ---- */

static HelperProcess* next_to_launch(const HelperHost* host) {
        HelperProcess *p, *other;

        TAILQ_FOREACH(p, &host->processes, entry) {
                if (p->state != HELPER_PROCESS_QUEUED)
                        continue;
                TAILQ_FOREACH(other, &host->processes, entry)
                        if (other->state != HELPER_PROCESS_QUEUED && strcmp(other->helper.name, p->helper.name) == 0)
                                break;
                if (!other)
                        return p;
        }
        return NULL;
}

static int on_start(sd_event_source* source, void* userdata) {
        HelperHost* host = userdata;
        HelperProcess* p;

        while (host->listed && host->s->configuration && stem_client_pid(host->s->stem) != 0 && (p = next_to_launch(host)))
                helper_process_launch(p);
        return 0;
}

int helper_process_start(HelperHost* host, Helper* helper, const HelperProcessHandlers* handlers, void* userdata,
                         HelperProcess** ret) {
        HelperProcess* p;

        if (host->stopping) {
                helper_done(helper);
                return -ESHUTDOWN;
        }

        p = helper_process_new(host, helper);
        p->handlers = handlers;
        p->userdata = userdata;
        start_soon(host);
        *ret = p;
        return 0;
}

/* ---- what the stem says ---- */

bool helper_host_owns(const char* name) {
        return strchr(name, ':');
}

static HelperProcess* find(const HelperHost* host, const char* name, uint32_t pid) {
        HelperProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (p->pid == pid && strcmp(p->helper.name, name) == 0)
                        return p;
        return NULL;
}

void helper_host_exited(HelperHost* host, const char* name, uint32_t pid, ExitReason reason) {
        HelperProcess* p = find(host, name, pid);

        if (!p || p->exited)
                return;
        p->exited = true;
        if (p->handlers) {
                _cleanup_free_ char* how = exit_reason_describe(&reason);

                p->handlers->ended(p->userdata, how);
        } else
                helper_process_pursue(p);
}

void helper_host_emptied(HelperHost* host, const char* name, uint32_t pid) {
        HelperProcess* p = find(host, name, pid);

        if (!p || p->emptied)
                return;
        p->emptied = true;
        helper_process_pursue(p);
}

void helper_host_violated(const HelperHost* host, const char* name, uint32_t pid, const Violation* violation) {
        const HelperProcess* p = find(host, name, pid);

        if (p && p->helper.type && p->helper.hook)
                violation_write_of_hook(host->place.journal, p->helper.hook, p->helper.scope, violation, p->helper.type->seccomp,
                                        host->place.user_mode);
}

void helper_host_list_begin(HelperHost* host) {
        HelperProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                p->held = false;
}

void helper_host_found(HelperHost* host, const HeldHelper* held) {
        HelperProcess* p = find(host, held->name, held->pid);

        if (!p) {
                log_info("Ending \"%s\" (process %u), which was started for an earlier supervisor", held->name, held->pid);
                p = helper_process_new(host, &(Helper) { .name = xstrdup(held->name), .scope = xstrdup(held->scope) });
                p->state = HELPER_PROCESS_ENDING;
                p->pid = held->pid;
                p->urgency = HELPER_PROCESS_KILL;
        }
        p->held = true;
        p->emptied |= held->emptied;
        if (held->exited && !p->exited)
                helper_host_exited(host, held->name, held->pid, held->reason);
        else
                helper_process_pursue(p);
}

/* A scope that nobody knows: the stem has lost it with its store of descriptors, and with it the process. */
static void stop_scope(Supervisor* s, const char* scope) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        log_info("Stopping %s, of which zeek-stem knows nothing", scope);
        r = sd_bus_message_new_method_call(s->bus, &call, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                           "org.freedesktop.systemd1.Manager", "StopUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", scope, "replace");
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(call, false);
        if (r >= 0)
                r = sd_bus_send(s->bus, call, NULL);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to stop %s: %m", scope);
}

static void sweep(const HelperHost* host, const char* slice, bool (*is_one)(const char* scope)) {
        _cleanup_free_ char* path = xasprintf("%s/zeek.slice/%s", host->s->places.cgroup_root, slice);
        _cleanup_strv_free_ char** scopes = cgroup_children(path);

        STRV_FOREACH(scope, scopes) {
                HelperProcess* p;

                TAILQ_FOREACH(p, &host->processes, entry)
                        if (p->state != HELPER_PROCESS_QUEUED && strcmp(p->helper.scope, *scope) == 0)
                                break;
                if (!p && is_one(*scope))
                        stop_scope(host->s, *scope);
        }
}

static HelperProcess* find_lost(const HelperHost* host) {
        HelperProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (!p->held && (p->state == HELPER_PROCESS_RUNNING || p->state == HELPER_PROCESS_ENDING))
                        break;
        return p;
}

void helper_host_list_end(HelperHost* host) {
        HelperProcess* p;

        while ((p = find_lost(host)))
                helper_process_fail(p, "it is not known to zeek-stem any more");
        sweep(host, HOOK_SLICE, hook_scope_name_is_one);
        sweep(host, "", archiver_scope_name_is_one);
        host->listed = true;
        start_soon(host);
}

/* ---- the host ---- */

static int on_again(sd_event_source* source, uint64_t usec, void* userdata) {
        HelperHost* host = userdata;

        adoption_start(host->s->adoption);
        return 0;
}

static int on_patience(sd_event_source* source, uint64_t usec, void* userdata) {
        HelperHost* host = userdata;

        log_warning("Helpers are still there, the next start ends them");
        host->stopped = true;
        shutdown_check(host->s);
        return 0;
}

int helper_host_new(Supervisor* s, HelperHost** ret) {
        HelperHost* host = xnew0(HelperHost);
        int r;

        host->s = s;
        host->place = (HelperHostPlace) { .event = s->event, .journal = s->journal, .user_mode = s->places.user_mode };
        TAILQ_INIT(&host->processes);

        r = sd_event_add_defer(s->event, &host->start, on_start, host);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &host->again, CLOCK_MONOTONIC, 0, 0, on_again, host);
        if (r >= 0)
                r = sd_event_source_set_enabled(host->again, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &host->patience, CLOCK_MONOTONIC, 0, 0, on_patience, host);
        if (r >= 0)
                r = sd_event_source_set_enabled(host->patience, SD_EVENT_OFF);
        if (r < 0) {
                helper_host_free(host);
                return r;
        }
        (void) sd_event_source_set_description(host->start, "helper-starts");
        *ret = host;
        return 0;
}

HelperHost* helper_host_free(HelperHost* host) {
        HelperProcess* p;

        if (!host)
                return NULL;
        while ((p = TAILQ_FIRST(&host->processes)))
                helper_process_free(p);
        sd_event_source_disable_unref(host->start);
        sd_event_source_disable_unref(host->again);
        sd_event_source_disable_unref(host->patience);
        free(host);
        return NULL;
}

const HelperHostPlace* helper_host_place(const HelperHost* host) {
        return &host->place;
}

static HelperProcess* find_wanted(const HelperHost* host) {
        HelperProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (p->handlers)
                        break;
        return p;
}

bool helper_host_stop(HelperHost* host) {
        HelperProcess* p;

        if (!host->stopping) {
                host->stopping = true;
                while ((p = find_wanted(host))) {
                        const HelperProcessHandlers* handlers = p->handlers;
                        void* userdata = p->userdata;

                        helper_process_end(p, false);
                        handlers->stopped(userdata);
                }
                (void) sd_event_source_set_time_relative(host->patience, HELPER_HOST_STOP_USEC);
                (void) sd_event_source_set_enabled(host->patience, SD_EVENT_ONESHOT);
                host->stopped |= TAILQ_EMPTY(&host->processes);
        }
        return host->stopped;
}
