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
        bool settled;
} Item;

struct ProgressLine {
        const char *doing, *settled;
        bool wants_gone; /* "settled" means that it is not there any more */
        bool all; /* those that there were at the beginning */
        Item* items;
        size_t n, allocated;
        NodeEvents* events;
        sd_event_source* timer;
        Terminal terminal;
        usec_t start;
        char* shown; /* NULL: nothing is */
        bool held;
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
        free_and_replace(p->shown, NULL);
}

/* Not more often than it changes: somebody may be at the other end of a slow line. */
static void draw(ProgressLine* p, const ProgressItem* items) {
        _cleanup_free_ char* text = NULL;

        terminal_measure(&p->terminal, STDERR_FILENO);
        /* a line that fills its last column wraps on some terminals */
        text = progress_text(p->doing, p->settled, items, p->n, now_usec(CLOCK_MONOTONIC) - p->start,
                             p->terminal.columns - 1, p->terminal.utf8);
        if (p->shown && strcmp(p->shown, text) == 0)
                return;
        fprintf(stderr, "\r%s\x1b[K", text);
        fflush(stderr);
        free_and_replace(p->shown, take_ptr(text));
}

/* One answer is for all: until it comes, each node's state has to say it. */
static bool is_settled(const ProgressLine* p, const Item* item, const json_t* node) {
        if (!p->all)
                return item->settled;
        return p->wants_gone ? !node : node && strcmp(status_text(node, "State"), "running") == 0;
}

static void show(ProgressLine* p) {
        _cleanup_free_ ProgressItem* items = xcalloc(p->n + 1, sizeof(ProgressItem));
        const json_t* known = node_events_known(p->events);

        for (size_t i = 0; i < p->n; i++) {
                const json_t* node = json_object_get(known, p->items[i].name);

                items[i] = (ProgressItem) {
                        .name = p->items[i].name,
                        .state = node ? status_text(node, "State") : NULL,
                        .settled = is_settled(p, &p->items[i], node),
                };
        }
        draw(p, items);
}

static Item* find(ProgressLine* p, const char* name) {
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->items[i].name, name) == 0)
                        return &p->items[i];
        return NULL;
}

static void on_event(const NodeEvent* event, void* userdata) {
        ProgressLine* p = userdata;

        if (event->node && find(p, event->node))
                p->held = false;
}

static int on_time(sd_event_source* s, uint64_t usec, void* userdata) {
        ProgressLine* p = userdata;

        if (!p->held && p->n > 0)
                show(p);
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
        outcome = node_events_new(ctl, true, on_event, p, &p->events);
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
        free(p->shown);
        free(p);
        return NULL;
}

static void add(ProgressLine* p, const char* name) {
        GROW(p->items, p->n, p->allocated);
        p->items[p->n++] = (Item) { .name = text_clean(name) };
}

void progress_line_add(ProgressLine* p, const char* name) {
        const char* known;
        json_t* node;

        p->all = name[0] == '\0';
        if (!p->all)
                add(p, name);
        else
                json_object_foreach((json_t*) node_events_known(p->events), known, node)
                        add(p, known);
}

void progress_line_settle(ProgressLine* p, const char* name) {
        Item* item = p ? find(p, name) : NULL;

        if (!item)
                return;
        item->settled = true;
        p->held = false;
}

void progress_line_hold(ProgressLine* p) {
        if (p)
                p->held = true;
}
