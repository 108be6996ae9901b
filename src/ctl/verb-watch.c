/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/event-text.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/loop.h"
#include "ctl/node-events.h"
#include "ctl/selection.h"
#include "ctl/text.h"

#define NAME_COLUMNS_MIN 10

typedef struct Watch {
        Ctl* ctl;
        char** arguments;
        int name_columns; /* the widest so far */
} Watch;

/* The properties in the words of a status. */
static bool is_meant(const Watch* w, const char* node, const json_t* properties) {
        json_auto_t* status = json_pack("{s:s, s:s}", "role", status_text(properties, "Role"), "state",
                                        status_text(properties, "State"));

        return selection_matches(&w->ctl->options, w->arguments, node, status);
}

static void say_what_is_watched(const Watch* w, const json_t* known) {
        const char* node;
        json_t* properties;
        size_t n = 0;

        json_object_foreach((json_t*) known, node, properties)
                n += is_meant(w, node, properties);
        ctl_say("Watching %zu node%s, Ctrl-C ends.", n, n == 1 ? "" : "s");
}

static void print_text(Watch* w, const NodeEvent* event, usec_t now, const char* text) {
        _cleanup_free_ char *when = format_moment(now), *name = text_clean(event->node ? event->node : "supervisor"),
                            *clean = text_clean(text);
        Style style = !event->node || event->kind == NODE_EVENT_REMOVED ? STYLE_STRONG :
                                                                         state_style(status_text(event->now, "State"));

        if ((int) text_width(name) > w->name_columns)
                w->name_columns = (int) text_width(name);
        printf("%s%s%s %s%*s %s%s%s\n", style_on(&w->ctl->terminal, STYLE_FAINT), when,
               style_off(&w->ctl->terminal, STYLE_FAINT), name, w->name_columns - (int) text_width(name), "",
               style_on(&w->ctl->terminal, style), clean, style_off(&w->ctl->terminal, style));
}

static void on_event(const NodeEvent* event, void* userdata) {
        usec_t now = now_usec(CLOCK_REALTIME);
        _cleanup_free_ char* text = NULL;
        Watch* w = userdata;

        if (event->node && !is_meant(w, event->node, event->now))
                return;
        text = event_text(event);
        if (!text)
                return;
        if (w->ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(w->ctl, event_json(event, now));
        else
                print_text(w, event, now, text);
        fflush(stdout);
}

static int on_end(sd_event_source* s, const struct signalfd_siginfo* si, void* userdata) {
        return sd_event_exit(sd_event_source_get_event(s), 0);
}

static int loop(Ctl* ctl) {
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        int r = loop_new(on_end, NULL, &event);

        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(ctl->bus, true);
        if (r >= 0)
                r = sd_bus_attach_event(ctl->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_event_loop(event);
        (void) sd_bus_detach_event(ctl->bus);
        return r;
}

/* Until it is ended. That there is no supervisor yet is no obstacle: it may come. */
Outcome verb_watch(Ctl* ctl, char** arguments) {
        Watch w = { .ctl = ctl, .arguments = arguments, .name_columns = NAME_COLUMNS_MIN };
        _cleanup_node_events_ NodeEvents* events = NULL;
        Outcome outcome;
        int r;

        if (ctl->options.json == JSON_MODE_AUTO)
                ctl->options.json = JSON_MODE_SHORT; /* an event a line */
        outcome = node_events_new(ctl, false, on_event, &w, &events);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (ctl->terminal.is_terminal && !ctl->options.quiet && ctl->options.json == JSON_MODE_OFF)
                say_what_is_watched(&w, node_events_known(events));

        r = loop(ctl);
        if (r == 0)
                return OUTCOME_DONE;
        ctl_say("The bus is gone: %s", r < 0 ? strerror(-r) : "disconnected");
        return OUTCOME_UNREACHABLE;
}
