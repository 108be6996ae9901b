/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "supervisor/cgroup.h"
#include "supervisor/hook-order.h"
#include "supervisor/hook-process.h"
#include "supervisor/shutdown.h"
#include "util/log.h"
#include "util/strv.h"

#define AGAIN_USEC (100 * USEC_PER_MSEC)

static void start_soon(HookHost* host) {
        (void) sd_event_source_set_enabled(host->start, SD_EVENT_ONESHOT);
}

void hook_host_process_gone(HookHost* host) {
        if (!host->stopping)
                start_soon(host);
        else if (TAILQ_EMPTY(&host->processes)) {
                host->stopped = true;
                shutdown_check(host->s);
        }
}

void hook_host_look_again(HookHost* host) {
        (void) sd_event_source_set_time_relative(host->again, AGAIN_USEC);
        (void) sd_event_source_set_enabled(host->again, SD_EVENT_ONESHOT);
}

/* ---- starts ---- */

static HookProcess* next_to_launch(const HookHost* host) {
        HookProcess *p, *other;

        TAILQ_FOREACH(p, &host->processes, entry) {
                if (p->state != HOOK_PROCESS_QUEUED)
                        continue;
                TAILQ_FOREACH(other, &host->processes, entry)
                        if (other->state != HOOK_PROCESS_QUEUED && strcmp(other->name, p->name) == 0)
                                break;
                if (!other)
                        return p;
        }
        return NULL;
}

static int on_start(sd_event_source* source, void* userdata) {
        HookHost* host = userdata;
        HookProcess* p;

        while (host->listed && host->s->configuration && stem_client_pid(host->s->stem) != 0 && (p = next_to_launch(host)))
                hook_process_launch(p);
        return 0;
}

int hook_process_start(HookHost* host, Hook* hook, const HookProcessHandlers* handlers, void* userdata, HookProcess** ret) {
        _cleanup_free_ char *name = hook_process_name(hook->name), *scope = hook_scope_name(hook->name);
        HookProcess* p;

        if (host->stopping)
                return -ESHUTDOWN;

        p = hook_process_new(host, name, scope);
        p->hook = hook_ref(hook);
        p->handlers = handlers;
        p->userdata = userdata;
        start_soon(host);
        *ret = p;
        return 0;
}

/* ---- what the stem says ---- */

bool hook_host_owns(const char* name) {
        return hook_process_name_is_one(name);
}

static HookProcess* find(const HookHost* host, const char* name, uint32_t pid) {
        HookProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (p->pid == pid && strcmp(p->name, name) == 0)
                        return p;
        return NULL;
}

void hook_host_exited(HookHost* host, const char* name, uint32_t pid, ExitReason reason) {
        HookProcess* p = find(host, name, pid);

        if (!p || p->exited)
                return;
        p->exited = true;
        if (p->handlers) {
                _cleanup_free_ char* how = exit_reason_describe(&reason);

                p->handlers->ended(p->userdata, how);
        } else
                hook_process_pursue(p);
}

void hook_host_emptied(HookHost* host, const char* name, uint32_t pid) {
        HookProcess* p = find(host, name, pid);

        if (!p || p->emptied)
                return;
        p->emptied = true;
        hook_process_pursue(p);
}

void hook_host_list_begin(HookHost* host) {
        HookProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                p->held = false;
}

void hook_host_found(HookHost* host, const HeldHookProcess* held) {
        HookProcess* p = find(host, held->name, held->pid);

        if (!p) {
                log_info("Ending \"%s\" (process %u), which was started for an earlier supervisor", held->name, held->pid);
                p = hook_process_new(host, held->name, held->scope);
                p->state = HOOK_PROCESS_ENDING;
                p->pid = held->pid;
                p->urgency = HOOK_PROCESS_KILL;
        }
        p->held = true;
        p->emptied |= held->emptied;
        if (held->exited && !p->exited)
                hook_host_exited(host, held->name, held->pid, held->reason);
        else
                hook_process_pursue(p);
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

static void sweep(const HookHost* host) {
        _cleanup_free_ char* slice = xasprintf("%s/zeek.slice/" HOOK_SLICE, host->s->places.cgroup_root);
        _cleanup_strv_free_ char** scopes = cgroup_children(slice);

        STRV_FOREACH(scope, scopes) {
                HookProcess* p;

                TAILQ_FOREACH(p, &host->processes, entry)
                        if (p->state != HOOK_PROCESS_QUEUED && strcmp(p->scope, *scope) == 0)
                                break;
                if (!p && hook_scope_name_is_one(*scope))
                        stop_scope(host->s, *scope);
        }
}

static HookProcess* find_lost(const HookHost* host) {
        HookProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (!p->held && (p->state == HOOK_PROCESS_RUNNING || p->state == HOOK_PROCESS_ENDING))
                        break;
        return p;
}

void hook_host_list_end(HookHost* host) {
        HookProcess* p;

        while ((p = find_lost(host)))
                hook_process_fail(p, "it is not known to zeek-stem any more");
        sweep(host);
        host->listed = true;
        start_soon(host);
}

/* ---- the host ---- */

static int on_again(sd_event_source* source, uint64_t usec, void* userdata) {
        HookHost* host = userdata;

        adoption_start(host->s->adoption);
        return 0;
}

static int on_patience(sd_event_source* source, uint64_t usec, void* userdata) {
        HookHost* host = userdata;

        log_warning("Programs of hooks are still there, the next start ends them");
        host->stopped = true;
        shutdown_check(host->s);
        return 0;
}

int hook_host_new(Supervisor* s, HookHost** ret) {
        HookHost* host = xnew0(HookHost);
        int r;

        host->s = s;
        host->place = (HookHostPlace) { .event = s->event, .journal = s->journal, .user_mode = s->places.user_mode };
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
                hook_host_free(host);
                return r;
        }
        (void) sd_event_source_set_description(host->start, "hook-starts");
        *ret = host;
        return 0;
}

HookHost* hook_host_free(HookHost* host) {
        HookProcess* p;

        if (!host)
                return NULL;
        while ((p = TAILQ_FIRST(&host->processes)))
                hook_process_free(p);
        sd_event_source_disable_unref(host->start);
        sd_event_source_disable_unref(host->again);
        sd_event_source_disable_unref(host->patience);
        free(host);
        return NULL;
}

const HookHostPlace* hook_host_place(const HookHost* host) {
        return &host->place;
}

static HookProcess* find_wanted(const HookHost* host) {
        HookProcess* p;

        TAILQ_FOREACH(p, &host->processes, entry)
                if (p->handlers)
                        break;
        return p;
}

bool hook_host_stop(HookHost* host) {
        HookProcess* p;

        if (!host->stopping) {
                host->stopping = true;
                while ((p = find_wanted(host))) {
                        const HookProcessHandlers* handlers = p->handlers;
                        void* userdata = p->userdata;

                        hook_process_end(p, false);
                        handlers->stopped(userdata);
                }
                (void) sd_event_source_set_time_relative(host->patience, HOOK_HOST_STOP_USEC);
                (void) sd_event_source_set_enabled(host->patience, SD_EVENT_ONESHOT);
                host->stopped |= TAILQ_EMPTY(&host->processes);
        }
        return host->stopped;
}
