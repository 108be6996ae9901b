/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/scope-name.h"
#include "stem/scope-start.h"
#include "util/alloc.h"
#include "util/log.h"

typedef enum StartState {
        START_QUEUED,  /* for one of SCOPE_STARTS_MAX places, and for the line to be ready */
        START_CALLING, /* StartTransientUnit is under way */
        START_JOB,     /* its job is */
        START_RETRY,   /* a timer runs: the name is in use, or it is not known what became of the call */
        START_DONE,
} StartState;

struct ScopeStarts {
        sd_event* event;
        ServiceManager* manager;
        ScopeWatches* watches;
        ScopeEntries* entries;
        ManagerListener listener;
        sd_event_source* dispatch; /* hands out places, from the loop */
        unsigned n_in_flight;      /* calling or with a job */
        bool without_pidfds;       /* the manager is older than 255 */
        TAILQ_HEAD(, ScopeStart) all;
        TAILQ_HEAD(, ScopeStart) queue;
};

struct ScopeStart {
        ScopeStarts* starts;
        char* scope;
        const char* slice_group; /* weak */
        const ScopeStartOwner* owner;
        void* userdata;
        StartState state;
        pid_t pid; /* 0: not begun. The process is the owner's */
        int pidfd;
        ScopeEntry* entry; /* NULL: nothing is seen, or nothing more to be seen */
        sd_bus_slot* call;
        char* job; /* object path */
        char* early_job;
        char* early_result; /* of a job that ended before we knew it to be ours */
        sd_event_source* timer;
        usec_t name_in_use_since; /* 0: it was free */
        ScopeWatch* predecessor;  /* the scope that has it */
        bool with_pidfd; /* the last attempt was */
        bool tries_pid;  /* for PIDFDs= may be what the manager disliked */
        bool unsure;
        bool made;
        bool entered;
        bool given_up;
        TAILQ_ENTRY(ScopeStart) all_entry;
        TAILQ_ENTRY(ScopeStart) queue_entry;
};

static bool holds_place(const ScopeStart* start) {
        return start->state == START_CALLING || start->state == START_JOB;
}

static void wake_dispatch(ScopeStarts* starts) {
        if (!TAILQ_EMPTY(&starts->queue) && starts->n_in_flight < SCOPE_STARTS_MAX &&
            service_manager_is_ready(starts->manager))
                (void) sd_event_source_set_enabled(starts->dispatch, SD_EVENT_ONESHOT);
}

/* The one writer of the state. */
static void set_state(ScopeStart* start, StartState state) {
        ScopeStarts* starts = start->starts;

        if (start->state == START_QUEUED)
                TAILQ_REMOVE(&starts->queue, start, queue_entry);
        if (holds_place(start))
                starts->n_in_flight--;
        start->call = sd_bus_slot_unref(start->call);
        (void) sd_event_source_set_enabled(start->timer, SD_EVENT_OFF);
        if (state == START_JOB || state == START_DONE)
                start->predecessor = scope_watch_free(start->predecessor);
        if (state == START_DONE)
                start->entry = scope_entry_free(start->entry);

        start->state = state;

        if (holds_place(start))
                starts->n_in_flight++;
        if (state == START_QUEUED)
                TAILQ_INSERT_TAIL(&starts->queue, start, queue_entry);
        wake_dispatch(starts);
}

static void set_timer(ScopeStart* start, usec_t delay) {
        (void) sd_event_source_set_time_relative(start->timer, delay);
        (void) sd_event_source_set_enabled(start->timer, SD_EVENT_ONESHOT);
}

static void enter(ScopeStart* start) {
        start->entry = scope_entry_free(start->entry);
        if (start->entered)
                return;
        start->made = start->entered = true;
        start->owner->entered(start->userdata);
}

static void finish(ScopeStart* start, const char* why) {
        set_state(start, START_DONE);
        if (!why)
                enter(start);
        start->owner->done(start->userdata, why); /* may free it */
}

static void retry(ScopeStart* start) {
        if (start->given_up) {
                finish(start, "given up");
                return;
        }
        set_state(start, START_RETRY);
        set_timer(start, SCOPE_RETRY_USEC);
}

static void job_ended(ScopeStart* start, const char* result) {
        if (strcmp(result, "done") == 0) {
                finish(start, NULL);
                return;
        }

        _cleanup_free_ char* why = xasprintf("the job to start %s ended with the result \"%s\"", start->scope, result);
        finish(start, why);
}

static void on_predecessor_gone(bool out_of_memory, void* userdata) {
        ScopeStart* start = userdata;

        start->predecessor = scope_watch_free(start->predecessor);
}

/* A unit that has failed may stay until it is reset; a scope that is empty, until it is stopped (scope-watch.h). */
static void clear_name(ScopeStart* start) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = service_manager_new_call(start->starts->manager, "ResetFailedUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append_basic(call, 's', start->scope);
        if (r >= 0)
                r = service_manager_send(start->starts->manager, call, 0, NULL, NULL, NULL);
        if (r < 0) {
                (void) log_debug_errno(r, "Failed to clear the name %s: %m", start->scope);
                return;
        }
        start->predecessor = scope_watch_new(start->starts->watches, start->scope, on_predecessor_gone, start);
        scope_watch_expect(start->predecessor, 0);
}

static void name_in_use(ScopeStart* start, const sd_bus_error* e) {
        usec_t now = now_usec(CLOCK_MONOTONIC);

        if (start->name_in_use_since == 0) {
                start->name_in_use_since = now;
                clear_name(start);
        } else if (now - start->name_in_use_since > SCOPE_NAME_TIMEOUT_USEC) {
                finish(start, e->message ? e->message : "the name is in use");
                return;
        }
        retry(start);
}

static bool is_property_error(const sd_bus_error* e) {
        return sd_bus_error_has_name(e, SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_PROPERTY);
}

static void call_failed(ScopeStart* start, const sd_bus_error* e) {
        if (sd_bus_error_has_name(e, "org.freedesktop.systemd1.UnitExists"))
                name_in_use(start, e);
        else if (is_property_error(e) && start->with_pidfd && !start->given_up) {
                start->tries_pid = true;
                set_state(start, START_QUEUED);
        } else if (service_manager_error_is_unsure(e)) {
                start->unsure = true;
                retry(start);
        } else if (service_manager_error_is_passing(e))
                retry(start);
        else
                finish(start, e->message ? e->message : e->name);
}

static int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeStart* start = userdata;
        const sd_bus_error* e = sd_bus_message_get_error(reply);
        const char* job;
        int r;

        if (e) {
                call_failed(start, e);
                return 0;
        }

        start->made = true;
        if (start->tries_pid)
                start->starts->without_pidfds = true;
        r = sd_bus_message_read_basic(reply, 'o', &job);
        if (r < 0) {
                finish(start, "the service manager's reply cannot be read");
                return 0;
        }

        if (start->early_job && strcmp(start->early_job, job) == 0) {
                job_ended(start, start->early_result);
                return 0;
        }
        start->job = xstrdup(job);
        set_state(start, START_JOB);
        set_timer(start, SCOPE_JOB_CHECK_USEC);
        return 0;
}

static int append_process(ScopeStart* start, sd_bus_message* call) {
        start->with_pidfd = !start->starts->without_pidfds && !start->tries_pid;
        if (!start->with_pidfd)
                return sd_bus_message_append(call, "(sv)", "PIDs", "au", 1, (uint32_t) start->pid);
        return sd_bus_message_append(call, "(sv)", "PIDFDs", "ah", 1, start->pidfd);
}

static int make_call(ScopeStart* start, sd_bus_message** ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = service_manager_new_call(start->starts->manager, "StartTransientUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", start->scope, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sv)");
        if (r >= 0)
                r = append_process(start, call);
        if (r >= 0)
                r = sd_bus_message_append(call, "(sv)", "CollectMode", "s", "inactive-or-failed");
        if (r >= 0)
                r = start->owner->append_properties(start->userdata, call);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a(sa(sv))", 0);
        if (r >= 0)
                *ret = take_ptr(call);
        return r;
}

static void on_entry(void* userdata) {
        ScopeStart* start = userdata;

        /* the group is there before the process is in it */
        if (scope_has_process(start->scope, start->pid))
                enter(start);
}

/* What cannot be seen is told by the manager. */
static void watch_entry(ScopeStart* start) {
        int r;

        if (!start->slice_group || start->entry || start->entered)
                return;
        r = scope_entry_new(start->starts->entries, start->slice_group, start->scope, on_entry, start, &start->entry);
        if (r < 0 && r != -ENOENT) /* the first scope in a slice makes it be there */
                (void) log_debug_errno(r, "Failed to watch %s: %m", start->slice_group);
}

static void run(ScopeStart* start) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        if (start->pid == 0) {
                r = start->owner->begin(start->userdata, &start->pid, &start->pidfd);
                if (r < 0) {
                        finish(start, strerror(-r));
                        return;
                }
        }

        set_state(start, START_CALLING);
        watch_entry(start);
        r = make_call(start, &call);
        /* However long it takes: whether there is a scope is known only from the reply. */
        if (r >= 0)
                r = service_manager_send(start->starts->manager, call, USEC_INFINITY, &start->call, on_reply, start);
        if (r == -ENOTCONN || r == -ENOBUFS)
                retry(start);
        else if (r < 0)
                finish(start, strerror(-r));
}

static int on_dispatch(sd_event_source* s, void* userdata) {
        ScopeStarts* starts = userdata;
        ScopeStart* start = TAILQ_FIRST(&starts->queue);

        if (start && starts->n_in_flight < SCOPE_STARTS_MAX && service_manager_is_ready(starts->manager))
                run(start);
        /* One process a turn of the loop: a fork takes as long as many messages. */
        wake_dispatch(starts);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        ScopeStart* start = userdata;

        if (start->entered || ((start->made || start->unsure) && scope_has_process(start->scope, start->pid)))
                finish(start, NULL);
        else if (start->state == START_JOB)
                set_timer(start, SCOPE_JOB_CHECK_USEC);
        else
                set_state(start, START_QUEUED);
        return 0;
}

static void on_ready(ManagerListener* l) {
        ScopeStarts* starts = l->userdata;
        ScopeStart *start, *next;

        /* Signals were missed, and a reply that is still awaited will not come. */
        for (start = TAILQ_FIRST(&starts->all); start; start = next) {
                next = TAILQ_NEXT(start, all_entry);
                if (holds_place(start)) {
                        start->unsure = true;
                        retry(start);
                }
        }
        wake_dispatch(starts);
}

static void on_job_removed(ManagerListener* l, const char* job, const char* unit, const char* result) {
        ScopeStarts* starts = l->userdata;
        ScopeStart *start, *next;

        for (start = TAILQ_FIRST(&starts->all); start; start = next) {
                next = TAILQ_NEXT(start, all_entry);
                if (strcmp(start->scope, unit) != 0)
                        continue;
                if (start->state == START_CALLING) {
                        free_and_replace(start->early_job, xstrdup(job));
                        free_and_replace(start->early_result, xstrdup(result));
                } else if (start->state == START_JOB && strcmp(start->job, job) == 0)
                        job_ended(start, result);
        }
}

static void on_unit_removed(ManagerListener* l, const char* unit) {
        ScopeStarts* starts = l->userdata;
        ScopeStart* start;

        /* The name is free: no need to wait for the timer. */
        TAILQ_FOREACH(start, &starts->all, all_entry)
                if (start->state == START_RETRY && !start->unsure && strcmp(start->scope, unit) == 0)
                        set_state(start, START_QUEUED);
}

int scope_starts_new(sd_event* event, ServiceManager* manager, ScopeWatches* watches, ScopeEntries* entries,
                     ScopeStarts** ret) {
        _cleanup_free_ ScopeStarts* starts = xnew0(ScopeStarts);
        int r;

        r = sd_event_add_defer(event, &starts->dispatch, on_dispatch, starts);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(starts->dispatch, SD_EVENT_OFF);
        (void) sd_event_source_set_description(starts->dispatch, "scope-starts");

        starts->event = sd_event_ref(event);
        starts->manager = manager;
        starts->watches = watches;
        starts->entries = entries;
        TAILQ_INIT(&starts->all);
        TAILQ_INIT(&starts->queue);
        starts->listener.userdata = starts;
        starts->listener.ready = on_ready;
        starts->listener.job_removed = on_job_removed;
        starts->listener.unit_removed = on_unit_removed;
        service_manager_listen(manager, &starts->listener);

        *ret = take_ptr(starts);
        return 0;
}

ScopeStarts* scope_starts_free(ScopeStarts* starts) {
        if (!starts)
                return NULL;

        assert(TAILQ_EMPTY(&starts->all));
        service_manager_unlisten(starts->manager, &starts->listener);
        (void) sd_event_source_disable_unref(starts->dispatch);
        sd_event_unref(starts->event);
        free(starts);
        return NULL;
}

int scope_start_new(ScopeStarts* starts, const char* scope, const char* slice_group, const ScopeStartOwner* owner,
                    void* userdata, ScopeStart** ret) {
        _cleanup_free_ ScopeStart* start = xnew0(ScopeStart);
        int r;

        r = sd_event_add_time_relative(starts->event, &start->timer, CLOCK_MONOTONIC, 0, 0, on_timer, start);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(start->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_description(start->timer, "scope-start");

        start->starts = starts;
        start->scope = xstrdup(scope);
        start->slice_group = slice_group;
        start->owner = owner;
        start->userdata = userdata;
        start->pidfd = -EBADF;
        TAILQ_INSERT_TAIL(&starts->all, start, all_entry);
        TAILQ_INSERT_TAIL(&starts->queue, start, queue_entry);
        start->state = START_QUEUED;
        wake_dispatch(starts);

        *ret = take_ptr(start);
        return 0;
}

ScopeStart* scope_start_free(ScopeStart* start) {
        if (!start)
                return NULL;

        if (start->state != START_DONE)
                set_state(start, START_DONE);
        TAILQ_REMOVE(&start->starts->all, start, all_entry);
        (void) sd_event_source_disable_unref(start->timer);
        free(start->scope);
        free(start->job);
        free(start->early_job);
        free(start->early_result);
        free(start);
        return NULL;
}

void scope_start_give_up(ScopeStart* start) {
        start->given_up = true;
        if (start->state != START_DONE && !holds_place(start))
                finish(start, "given up");
}

bool scope_start_may_have_made_scope(const ScopeStart* start) {
        return start->made || start->unsure || start->state == START_CALLING;
}
