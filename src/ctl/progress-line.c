/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/node-events.h"
#include "ctl/progress-line.h"
#include "ctl/progress.h"
#include "ctl/text.h"

#define FIRST_USEC (USEC_PER_SEC / 2)
#define INTERVAL_USEC (USEC_PER_SEC / 10)

typedef struct Item {
        char* name; /* clean */
        bool answered;
} Item;

struct ProgressLine {
        const char *doing, *settled;
        bool wants_gone; /* "settled" means that it is not there any more */
        bool all;
        Item* items;
        size_t n, allocated;
        NodeEvents* events;
        sd_event_source* timer;
        Terminal terminal;
        usec_t start;
        bool shown;
};

bool progress_line_is_wanted(const Ctl* ctl) {
        const char* term = getenv("TERM");

        return !ctl->options.quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void progress_line_hide(ProgressLine* p) {
        if (!p || !p->shown)
                return;
        fputs("\r\x1b[K", stderr);
        fflush(stderr);
        p->shown = false;
}

static void draw(ProgressLine* p, const ProgressItem* items, size_t n) {
        _cleanup_free_ char* text = NULL;

        terminal_measure(&p->terminal, STDERR_FILENO);
        /* a line that fills its last column wraps on some terminals */
        text = progress_text(p->doing, p->settled, items, n, now_usec(CLOCK_MONOTONIC) - p->start,
                             p->terminal.columns - 1, p->terminal.utf8);
        fprintf(stderr, "\r%s\x1b[K", text);
        fflush(stderr);
        p->shown = true;
}

static void draw_named(ProgressLine* p) {
        _cleanup_free_ ProgressItem* items = xcalloc(p->n + 1, sizeof(ProgressItem));
        const json_t* known = node_events_known(p->events);

        for (size_t i = 0; i < p->n; i++) {
                const json_t* node = json_object_get(known, p->items[i].name);

                items[i] = (ProgressItem) { p->items[i].name, node ? status_text(node, "State") : NULL, p->items[i].answered };
        }
        draw(p, items, p->n);
}

static void draw_all(ProgressLine* p) {
        json_t* known = (json_t*) node_events_known(p->events);
        _cleanup_free_ ProgressItem* items = xcalloc(json_object_size(known) + 1, sizeof(ProgressItem));
        const char* name;
        json_t* node;
        size_t n = 0;

        json_object_foreach(known, name, node) {
                const char* state = status_text(node, "State");

                items[n++] = (ProgressItem) { name, state, !p->wants_gone && strcmp(state, "running") == 0 };
        }
        draw(p, items, n);
}

static int on_time(sd_event_source* s, uint64_t usec, void* userdata) {
        ProgressLine* p = userdata;

        if (p->all)
                draw_all(p);
        else
                draw_named(p);
        (void) sd_event_source_set_time_relative(s, INTERVAL_USEC);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

Outcome progress_line_new(Ctl* ctl, sd_event* event, const char* doing, const char* settled, ProgressLine** ret) {
        ProgressLine* p = xnew0(ProgressLine);
        Outcome outcome;
        int r;

        p->doing = doing;
        p->settled = settled;
        p->wants_gone = strcmp(settled, "gone") == 0;
        p->start = now_usec(CLOCK_MONOTONIC);
        p->terminal = terminal_look(STDERR_FILENO);
        outcome = node_events_new(ctl, true, NULL, NULL, &p->events);
        if (outcome != OUTCOME_DONE) {
                progress_line_free(p);
                return outcome;
        }
        r = sd_event_add_time_relative(event, &p->timer, CLOCK_MONOTONIC, FIRST_USEC, 0, on_time, p);
        if (r < 0)
                ctl_say("There is no progress to be seen: %s", strerror(-r));
        *ret = p;
        return OUTCOME_DONE;
}

ProgressLine* progress_line_free(ProgressLine* p) {
        if (!p)
                return NULL;

        progress_line_hide(p);
        sd_event_source_disable_unref(p->timer);
        node_events_free(p->events);
        for (size_t i = 0; i < p->n; i++)
                free(p->items[i].name);
        free(p->items);
        free(p);
        return NULL;
}

void progress_line_add(ProgressLine* p, const char* name) {
        if (name[0] == '\0') {
                p->all = true;
                return;
        }
        GROW(p->items, p->n, p->allocated);
        p->items[p->n++] = (Item) { .name = text_clean(name) };
}

void progress_line_settle(ProgressLine* p, const char* name) {
        for (size_t i = 0; p && i < p->n; i++)
                if (strcmp(p->items[i].name, name) == 0)
                        p->items[i].answered = true;
}
