/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <systemd/sd-event.h>

#include "ctl/calls.h"
#include "ctl/json.h"
#include "ctl/loop.h"
#include "ctl/progress-line.h"

/* Below what the supervisor takes of one client, and enough to have it busy. */
#define CALLS_IN_FLIGHT_MAX 256U

typedef struct Call {
        Calls* calls;
        char* name;
        unsigned wave;
        sd_bus_message* message;
        sd_bus_slot* slot;
        bool answered;
        Outcome outcome;
} Call;

struct Calls {
        Ctl* ctl;
        const CallWords* words;
        Call* items;
        size_t n, allocated, n_sent, n_answered;
        sd_event* event;
        ProgressLine* progress;
        json_t* results;
        bool interrupted;
};

Calls* calls_new(Ctl* ctl, const CallWords* words) {
        Calls* c = xnew0(Calls);

        c->ctl = ctl;
        c->words = words;
        c->results = json_array();
        return c;
}

Calls* calls_free(Calls* c) {
        if (!c)
                return NULL;

        progress_line_free(c->progress);
        for (size_t i = 0; i < c->n; i++) {
                sd_bus_slot_unref(c->items[i].slot);
                sd_bus_message_unref(c->items[i].message);
                free(c->items[i].name);
        }
        free(c->items);
        sd_event_unref(c->event);
        json_decref(c->results);
        free(c);
        return NULL;
}

void calls_add(Calls* c, const char* name, unsigned wave, sd_bus_message* m) {
        assert(c->n == 0 || c->items[c->n - 1].wave <= wave);
        GROW(c->items, c->n, c->allocated);
        c->items[c->n++] = (Call) { .calls = c, .name = xstrdup(name), .wave = wave, .message = m };
}

/* ---- answers ---- */

/* "worker-1", or "all nodes" */
static char* call_object(const Call* call) {
        return call->name[0] ? xstrdup(call->name) : xasprintf("all %ss", call->calls->words->object);
}

static void tell(Call* call, const sd_bus_error* error) {
        Calls* c = call->calls;
        _cleanup_free_ char *object = call_object(call), *what = xasprintf("%s %s", c->words->verb, object);
        json_t* result = json_pack("{s:s, s:b}", c->words->object, call->name, "done", !error);

        progress_line_hide(c->progress);
        if (error) {
                call->outcome = ctl_failed(c->ctl, error, what);
                json_object_set_new(result, "error", json_string(error->name));
                json_object_set_new(result, "message", json_string(error->message ? error->message : ""));
        } else
                ctl_tell(c->ctl, "%s %s.", c->words->done, object);
        json_array_append_new(c->results, result);
        fflush(stdout);
}

static int send_more(Calls* c);

static int on_answer(sd_bus_message* m, void* userdata, sd_bus_error* e) {
        Call* call = userdata;
        Calls* c = call->calls;

        call->answered = true;
        c->n_answered++;
        progress_line_settle(c->progress, call->name);
        tell(call, sd_bus_message_get_error(m));
        return send_more(c);
}

/* ---- questions ---- */

static void fail(Call* call, int r) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_set_errno(&error, r);
        call->answered = true;
        call->calls->n_answered++;
        tell(call, &error);
}

static int send_more(Calls* c) {
        while (c->n_sent < c->n && c->n_sent - c->n_answered < CALLS_IN_FLIGHT_MAX) {
                Call* call = &c->items[c->n_sent];
                int r;

                if (c->n_sent > c->n_answered && call->wave != c->items[c->n_sent - 1].wave)
                        break;
                c->n_sent++;
                r = sd_bus_call_async(c->ctl->bus, &call->slot, call->message, on_answer, call, UINT64_MAX);
                if (r < 0)
                        fail(call, r);
        }
        return c->n_answered == c->n ? sd_event_exit(c->event, 0) : 0;
}

/* ---- waiting ---- */

static int on_interrupt(sd_event_source* s, const struct signalfd_siginfo* si, void* userdata) {
        Calls* c = userdata;

        c->interrupted = true;
        return sd_event_exit(c->event, 0);
}

static int watch(Calls* c) {
        int r = loop_new(on_interrupt, c, &c->event);

        return r < 0 ? r : sd_bus_attach_event(c->ctl->bus, c->event, SD_EVENT_PRIORITY_NORMAL);
}

static Outcome start_progress(Calls* c) {
        Outcome outcome;

        if (!c->words->doing || !progress_line_is_wanted(c->ctl))
                return OUTCOME_DONE;
        outcome = progress_line_new(c->ctl, c->event, c->words->doing, c->words->settled, &c->progress);
        for (size_t i = 0; outcome == OUTCOME_DONE && i < c->n; i++)
                progress_line_add(c->progress, c->items[i].name);
        return outcome;
}

static int loop(Calls* c) {
        int r = send_more(c);

        if (r >= 0)
                r = sd_event_loop(c->event);
        (void) sd_bus_detach_event(c->ctl->bus);
        progress_line_hide(c->progress);
        return r;
}

Outcome calls_run(Calls* c) {
        Outcome outcome;
        int r;

        r = watch(c);
        if (r < 0) {
                ctl_say("Failed to wait for answers: %s", strerror(-r));
                return OUTCOME_FAILED;
        }
        outcome = start_progress(c);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (ctl_open_polkit_agent(c->ctl))
                progress_line_hold(c->progress);

        r = loop(c);
        if (c->ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(c->ctl, take_ptr(c->results));
        if (r < 0) {
                ctl_say("Failed to wait for the supervisor: %s", strerror(-r));
                return OUTCOME_FAILED;
        }
        if (c->interrupted) {
                ctl_say("Interrupted. What it was asked, the supervisor goes on with.");
                return OUTCOME_FAILED;
        }
        for (size_t i = 0; outcome == OUTCOME_DONE && i < c->n; i++)
                outcome = c->items[i].outcome;
        return outcome;
}
