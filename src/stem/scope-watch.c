/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/scope-watch.h"
#include "stem/unit-state.h"
#include "util/alloc.h"
#include "util/log.h"
#include "util/name-index.h"

struct ScopeWatches {
        sd_event* event;
        ServiceManager* manager;
        ManagerListener listener;
        unsigned n_in_flight;
        TAILQ_HEAD(, ScopeWatch) all;
        NameIndex by_scope;
        TAILQ_HEAD(, ScopeWatch) queue; /* want to ask */
};

struct ScopeWatch {
        ScopeWatches* watches;
        char* scope;
        scope_gone_t gone;
        scope_stopped_t stopped; /* NULL: of no interest */
        void* userdata;
        sd_bus_slot* question; /* in flight */
        sd_event_source* timer; /* NULL while it is not needed, which is most of the time */
        bool again;      /* something happened after the question was sent */
        bool queued;
        bool expected;   /* nothing of ours keeps the scope alive */
        bool yielding;   /* what has processes is not ours */
        bool seen_empty; /* active, but without a process */
        bool seen_active; /* neither stopping nor gone */
        bool echo_due;    /* a change that is known will be told */
        bool job_ended;  /* a job of it ended; if it is gone, that was a stop */
        bool out_of_memory; /* its result */
        bool concluded;
        TAILQ_ENTRY(ScopeWatch) all_entry;
        NameEntry by_scope;
        TAILQ_ENTRY(ScopeWatch) queue_entry;
};

static void ask(ScopeWatch* w);

static void dequeue(ScopeWatch* w) {
        if (w->queued)
                TAILQ_REMOVE(&w->watches->queue, w, queue_entry);
        w->queued = false;
}

static void drop_question(ScopeWatch* w) {
        if (!w->question)
                return;
        w->question = sd_bus_slot_unref(w->question);
        w->watches->n_in_flight--;
}

static void ask_next(ScopeWatches* watches) {
        ScopeWatch* w;

        while (watches->n_in_flight < SCOPE_CHECKS_MAX && service_manager_is_ready(watches->manager) &&
               (w = TAILQ_FIRST(&watches->queue))) {
                dequeue(w);
                ask(w);
        }
}

/* A reason to ask. */
static void want(ScopeWatch* w) {
        if (w->concluded)
                return;
        if (w->question) {
                w->again = true;
                return;
        }
        if (!w->queued)
                TAILQ_INSERT_TAIL(&w->watches->queue, w, queue_entry);
        w->queued = true;
        ask_next(w->watches);
}

static void tell_stop(ScopeWatch* w, bool signalled) {
        scope_stopped_t stopped = take_ptr(w->stopped);

        if (stopped)
                stopped(signalled, w->userdata);
}

static void conclude_gone(ScopeWatch* w) {
        ScopeWatches* watches = w->watches;

        if (w->job_ended)
                tell_stop(w, false);
        drop_question(w);
        dequeue(w);
        w->timer = sd_event_source_disable_unref(w->timer);
        w->concluded = true;
        w->gone(w->out_of_memory, w->userdata); /* may free it */
        ask_next(watches);
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        ScopeWatch* w = userdata;

        w->timer = sd_event_source_disable_unref(w->timer);
        want(w);
        return 0;
}

static void set_timer(ScopeWatch* w, usec_t delay) {
        int r;

        w->timer = sd_event_source_disable_unref(w->timer);
        r = sd_event_add_time_relative(w->watches->event, &w->timer, CLOCK_MONOTONIC, delay, 0, on_timer, w);
        if (r < 0)
                (void) log_error_errno(r, "Failed to set a time for the next look at %s: %m", w->scope);
        else
                (void) sd_event_source_set_description(w->timer, "scope-watch");
}

/* The question could not be asked or was not answered; when the line is down, listener.ready asks again. */
static void conclude_unknown(ScopeWatch* w) {
        drop_question(w);
        if (w->again) /* what it was asked about has gone in between */
                want(w);
        else
                set_timer(w, SCOPE_CHECK_FAILED_USEC);
        ask_next(w->watches);
}

static int new_call_about(ScopeWatch* w, const char* member, sd_bus_message** ret) {
        int r = service_manager_new_call(w->watches->manager, member, ret);

        return r < 0 ? r : sd_bus_message_append_basic(*ret, 's', w->scope);
}

static void call_about(ScopeWatch* w, const char* member, const char* mode) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r = new_call_about(w, member, &call);

        if (r >= 0 && mode)
                r = sd_bus_message_append_basic(call, 's', mode);
        if (r >= 0)
                r = service_manager_send(w->watches->manager, call, 0, NULL, NULL, NULL);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to ask the service manager to stop %s: %m", w->scope);
}

/* Seen empty for the second time. Abandoned first, so that systemd does not ask the scope's controller to stop it, who
 * knows nothing of it, and wait for that. */
static void stop_empty(ScopeWatch* w) {
        log_info("Stopping %s, which is active without any process", w->scope);
        w->stopped = NULL; /* it is us who stop it */
        call_about(w, "AbandonScope", NULL);
        call_about(w, "StopUnit", "replace");
        set_timer(w, SCOPE_CHECK_FAILED_USEC);
}

static void conclude_there(ScopeWatch* w, bool empty) {
        bool seen_empty = w->seen_empty;

        drop_question(w);
        w->seen_empty = empty;
        if (!w->again)
                w->job_ended = false; /* it ended before the question, and the scope lives on: that was no stop */
        if (w->again)
                want(w);
        else if (empty && seen_empty)
                stop_empty(w);
        else if (empty)
                set_timer(w, SCOPE_EMPTY_USEC);
        else if (w->expected)
                set_timer(w, SCOPE_CHECK_AGAIN_USEC);
        ask_next(w->watches);
}

/* The next question of the same series. */
static int ask_further(ScopeWatch* w, sd_bus_message* call, sd_bus_message_handler_t callback) {
        w->question = sd_bus_slot_unref(w->question);

        int r = service_manager_send(w->watches->manager, call, MANAGER_CALL_TIMEOUT_USEC, &w->question, callback, w);
        if (r < 0)
                w->watches->n_in_flight--;
        return r;
}

static int on_processes_listed(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeWatch* w = userdata;
        int r = sd_bus_message_is_method_error(reply, NULL) ? -EIO : sd_bus_message_enter_container(reply, 'a', "(sus)");

        if (r >= 0)
                r = sd_bus_message_at_end(reply, false);
        if (r < 0)
                conclude_unknown(w);
        else if (r == 0 && w->yielding)
                conclude_gone(w);
        else
                conclude_there(w, r > 0);
        return 0;
}

static int ask_processes(ScopeWatch* w) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r = new_call_about(w, "GetUnitProcesses", &call);

        return r < 0 ? r : ask_further(w, call, on_processes_listed);
}

/* It is there. When nothing of ours keeps it alive, it matters whether it has processes. */
static void look_further(ScopeWatch* w) {
        if (!w->expected)
                conclude_there(w, false);
        else if (ask_processes(w) < 0)
                conclude_unknown(w);
}

static int on_controller(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeWatch* w = userdata;
        const char* controller;

        /* What was not seen before it was stopped may have lost its controller since then, and without having been
         * signalled. A second SIGTERM is better than none. */
        bool known = w->seen_active && !sd_bus_message_is_method_error(reply, NULL) &&
                     sd_bus_message_read(reply, "v", "s", &controller) >= 0;

        tell_stop(w, known && !*controller);
        look_further(w);
        return 0;
}

static int ask_property(ScopeWatch* w, const char* property, sd_bus_message_handler_t callback) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = service_manager_new_get(w->watches->manager, w->scope, "org.freedesktop.systemd1.Scope", property, &call);
        return r < 0 ? r : ask_further(w, call, callback);
}

static void note_result(ScopeWatch* w, const char* result) {
        w->out_of_memory |= result && strcmp(result, "oom-kill") == 0;
}

static int on_result(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        const char* result;

        /* When it is not there any more to be asked, its last change was told before. */
        if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "s", &result) >= 0)
                note_result(userdata, result);
        conclude_gone(userdata);
        return 0;
}

static int on_unit_listed(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeWatch* w = userdata;
        UnitState state;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                conclude_unknown(w);
                return 0;
        }
        r = unit_state_read(reply, &state);
        if (r < 0) {
                (void) log_warning_errno(r, "Failed to read the service manager's answer about %s: %m", w->scope);
                conclude_unknown(w);
                return 0;
        }

        w->seen_active |= state == UNIT_ALIVE;
        switch (state) {
        case UNIT_AT_REST:
                conclude_gone(w);
                break;
        case UNIT_FAILED: /* and may not have told yet why */
                if (ask_property(w, "Result", on_result) < 0)
                        conclude_unknown(w);
                break;
        case UNIT_STOPPING:
                if (!w->stopped)
                        look_further(w);
                else if (ask_property(w, "Controller", on_controller) < 0)
                        conclude_unknown(w);
                break;
        case UNIT_ALIVE:
                look_further(w);
                break;
        }
        return 0;
}

/* It is loaded: is it more than a name? */
static int ask_state(ScopeWatch* w) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = service_manager_new_call(w->watches->manager, "ListUnitsByNames", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "as", 1, w->scope);
        return r < 0 ? r : ask_further(w, call, on_unit_listed);
}

static int on_unit_looked_up(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ScopeWatch* w = userdata;
        const sd_bus_error* e = sd_bus_message_get_error(reply);

        if (e && sd_bus_error_has_name(e, "org.freedesktop.systemd1.NoSuchUnit"))
                conclude_gone(w);
        else if (e || ask_state(w) < 0)
                conclude_unknown(w);
        return 0;
}

/* GetUnit comes first because it loads nothing. */
static void ask(ScopeWatch* w) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        assert(!w->question);
        w->again = false;
        r = new_call_about(w, "GetUnit", &call);
        if (r >= 0)
                r = service_manager_send(w->watches->manager, call, MANAGER_CALL_TIMEOUT_USEC, &w->question,
                                         on_unit_looked_up, w);
        if (r < 0)
                set_timer(w, SCOPE_CHECK_FAILED_USEC);
        else
                w->watches->n_in_flight++;
}

static void on_ready(ManagerListener* l) {
        ScopeWatches* watches = l->userdata;
        ScopeWatch* w;

        /* A question of the old line that is still open will not be answered. None concludes within want(), so the
         * list stays as it is. */
        TAILQ_FOREACH(w, &watches->all, all_entry)
                drop_question(w);
        TAILQ_FOREACH(w, &watches->all, all_entry)
                want(w);
}

static void take_news(ScopeWatches* watches, const char* unit, const char* result, bool job_ended) {
        for (NameEntry* found = name_index_find(&watches->by_scope, unit); found; found = name_index_find_next(found)) {
                ScopeWatch* w = found->item;

                note_result(w, result);
                w->job_ended |= job_ended;
                /* If it is another change that is taken for the echo, the echo is asked about. */
                if (w->echo_due && result && strcmp(result, "success") == 0)
                        w->echo_due = false;
                else
                        want(w); /* does not conclude: the entry stays */
        }
}

static void on_changed(ManagerListener* l, const char* unit, const char* result) {
        take_news(l->userdata, unit, result, false);
}

static void on_unit_removed(ManagerListener* l, const char* unit) {
        take_news(l->userdata, unit, NULL, false);
}

/* Of a scope that runs already; the job that started it ended before there was a watch. One that was cancelled did
 * nothing. */
static void on_job_removed(ManagerListener* l, const char* job, const char* unit, const char* result) {
        if (strcmp(result, "canceled") != 0)
                take_news(l->userdata, unit, NULL, true);
}

ScopeWatches* scope_watches_new(sd_event* event, ServiceManager* manager) {
        ScopeWatches* watches = xnew0(ScopeWatches);

        watches->event = sd_event_ref(event);
        watches->manager = manager;
        TAILQ_INIT(&watches->all);
        TAILQ_INIT(&watches->queue);
        watches->listener.userdata = watches;
        watches->listener.ready = on_ready;
        watches->listener.unit_removed = on_unit_removed;
        watches->listener.scope_changed = on_changed;
        watches->listener.job_removed = on_job_removed;
        service_manager_listen(manager, &watches->listener);
        return watches;
}

ScopeWatches* scope_watches_free(ScopeWatches* watches) {
        if (!watches)
                return NULL;

        assert(TAILQ_EMPTY(&watches->all));
        service_manager_unlisten(watches->manager, &watches->listener);
        name_index_done(&watches->by_scope);
        sd_event_unref(watches->event);
        free(watches);
        return NULL;
}

ScopeWatch* scope_watch_new(ScopeWatches* watches, const char* scope, scope_gone_t gone, void* userdata) {
        ScopeWatch* w = xnew0(ScopeWatch);

        w->watches = watches;
        w->scope = xstrdup(scope);
        w->gone = gone;
        w->userdata = userdata;
        TAILQ_INSERT_TAIL(&watches->all, w, all_entry);
        name_index_add(&watches->by_scope, &w->by_scope, w->scope, w);
        return w;
}

ScopeWatch* scope_watch_free(ScopeWatch* w) {
        if (!w)
                return NULL;

        drop_question(w);
        dequeue(w);
        TAILQ_REMOVE(&w->watches->all, w, all_entry);
        name_index_remove(&w->watches->by_scope, &w->by_scope);
        (void) sd_event_source_disable_unref(w->timer);
        free(w->scope);
        free(w);
        return NULL;
}

void scope_watch_tell_stop(ScopeWatch* w, scope_stopped_t stopped) {
        w->stopped = stopped;
}

void scope_watch_has_started(ScopeWatch* w) {
        w->echo_due = true;
}

void scope_watch_ask(ScopeWatch* w) {
        set_timer(w, 0);
}

void scope_watch_expect(ScopeWatch* w, usec_t delay) {
        w->expected = true;
        if (delay == 0)
                want(w);
        else
                set_timer(w, delay);
}

void scope_watch_expect_unless_used(ScopeWatch* w) {
        w->yielding = true;
        scope_watch_expect(w, 0);
}
