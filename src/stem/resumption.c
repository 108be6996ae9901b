/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/epoll.h>

#include "stem/handover.h"
#include "stem/limits.h"
#include "stem/peers.h"
#include "stem/resumption.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

typedef struct Resumption Resumption;

struct Resumptions {
        sd_event* event;
        ScopeWatches* watches;
        NodeTable* nodes;
        const ResumptionHandlers* handlers;
        void* userdata;
        size_t n;
        TAILQ_HEAD(, Resumption) all;
};

struct Resumption {
        Resumptions* resumptions; /* weak */
        char* name;
        char* scope;
        char* verdicts; /* on its system calls; NULL: it may make all */
        Process process;
        StoreSlot* slot;
        bool doomed;     /* the stem before said that it failed */
        bool failed;     /* and what is left of it is being removed */
        bool ended;      /* the child is dead */
        bool scope_gone;
        LaunchOrder* order;      /* of who has joined; NULL: nobody */
        sd_bus_message* request;
        ScopeWatch* watch;
        sd_event_source* exit_source;
        sd_event_source* report_source;
        sd_event_source* timer;
        TAILQ_ENTRY(Resumption) entry;
};

static Resumption* resumption_free(Resumption* re) {
        if (!re)
                return NULL;

        scope_watch_free(re->watch);
        (void) sd_event_source_disable_unref(re->exit_source);
        (void) sd_event_source_disable_unref(re->report_source);
        (void) sd_event_source_disable_unref(re->timer);
        process_release(&re->process);
        store_slot_keep(re->slot);
        launch_order_free(re->order);
        sd_bus_message_unref(re->request);
        free(re->name);
        free(re->scope);
        free(re->verdicts);
        free(re);
        return NULL;
}
DEFINE_CLEANUP(Resumption*, resumption_free)

static void forget(Resumption* re) {
        TAILQ_REMOVE(&re->resumptions->all, re, entry);
        re->resumptions->n--;
}

static void end_if_clean(Resumption* re) {
        Resumptions* all = re->resumptions;

        if (!re->ended || !re->scope_gone)
                return;

        /* The name has to be free before it is begun anew. */
        forget(re);
        re->slot = store_slot_drop(re->slot);
        if (re->order)
                all->handlers->begin(take_ptr(re->order), re->request, all->userdata);
        resumption_free(re);
}

static void on_scope_gone(bool out_of_memory, void* userdata) {
        Resumption* re = userdata;

        re->watch = scope_watch_free(re->watch);
        re->scope_gone = true;
        end_if_clean(re);
}

/* When the child is dead. */
static void remove_scope(Resumption* re) {
        re->watch = scope_watch_new(re->resumptions->watches, re->scope, on_scope_gone, re);
        scope_watch_expect_unless_used(re->watch);
        end_if_clean(re);
}

/* It stays in the store until all is gone: the next stem may have to go on with this. */
static void fail(Resumption* re) {
        log_info("The launch of node '%s' that was under way came to nothing", re->name);
        re->failed = true;
        if (!re->doomed)
                store_slot_failed(re->slot);
        re->report_source = sd_event_source_disable_unref(re->report_source);
        (void) sd_event_source_set_enabled(re->timer, SD_EVENT_OFF);
        process_kill(&re->process);
        if (re->ended)
                remove_scope(re);
}

static void succeed(Resumption* re) {
        Resumptions* all = re->resumptions;
        const NodeRecord record = { .name = re->name, .scope = re->scope, .verdicts = re->verdicts };
        HeldNode* node;
        int r;

        re->exit_source = sd_event_source_disable_unref(re->exit_source);
        re->report_source = sd_event_source_disable_unref(re->report_source);
        handover_take(&re->process, re->slot);
        store_slot_launched(re->slot);
        re->process.fds[PROCESS_FD_REPORT] = fd_close(re->process.fds[PROCESS_FD_REPORT]);
        r = node_table_restore(all->nodes, &record, &re->process, &re->slot, &node);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to watch the process of node '%s': %m", re->name);
                re->ended = true; /* it will be; nobody can say when */
                fail(re);
                return;
        }

        log_info("Node '%s' was being launched and runs as process %i", re->name, (int) node->process.pid);
        forget(re);
        if (re->request)
                all->handlers->launched(re->request, node, all->userdata);
        resumption_free(re);
}

static void examine(Resumption* re) {
        ChildReport last = { .step = _CHILD_STEP_INVALID };

        if (re->failed)
                return;
        if (re->doomed) {
                fail(re);
                return;
        }

        switch (process_read_report(&re->process, &last)) {
        case SPAWN_UNDER_WAY:
                break;
        case SPAWN_EXECUTED:
                succeed(re);
                break;
        case SPAWN_FAILED:
                fail(re);
                break;
        }
}

static int on_report(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        examine(userdata);
        return 0;
}

static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        Resumption* re = userdata;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        re->ended = true;
        if (re->failed)
                remove_scope(re);
        else
                examine(re);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        fail(userdata);
        return 0;
}

static int watch_process(Resumption* re) {
        sd_event* event = re->resumptions->event;
        usec_t patience = re->doomed ? 0 : LAUNCH_TIMEOUT_USEC;
        int r;

        r = sd_event_add_io(event, &re->report_source, re->process.fds[PROCESS_FD_REPORT], 0, on_report, re);
        if (r >= 0)
                r = sd_event_add_io(event, &re->exit_source, re->process.fds[NODE_FD_PROCESS], EPOLLIN, on_exit_event, re);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &re->timer, CLOCK_MONOTONIC, patience, 0, on_timer, re);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(re->report_source, "resumption-report");
        (void) sd_event_source_set_description(re->exit_source, "resumption-exit");
        (void) sd_event_source_set_description(re->timer, "resumption-timeout");
        return 0;
}

int resumption_begin(Resumptions* resumptions, const NodeRecord* record, Process* process, StoreSlot** slot) {
        _cleanup_(resumption_freep) Resumption* re = xnew0(Resumption);
        int r;

        re->resumptions = resumptions;
        re->name = xstrdup(record->name);
        re->scope = xstrdup(record->scope);
        re->verdicts = xstrdup_or_null(record->verdicts);
        re->doomed = record->failed;
        re->process = *process;
        r = watch_process(re);
        if (r < 0) {
                re->process = PROCESS_NONE;
                return r;
        }

        *process = PROCESS_NONE;
        re->slot = take_ptr(*slot);
        TAILQ_INSERT_TAIL(&resumptions->all, re, entry);
        resumptions->n++;
        take_ptr(re);
        return 0;
}

static Resumption* find(const Resumptions* resumptions, const char* name) {
        Resumption* re;

        TAILQ_FOREACH(re, &resumptions->all, entry)
                if (strcmp(re->name, name) == 0)
                        return re;
        return NULL;
}

bool resumptions_join(Resumptions* resumptions, LaunchOrder** order, sd_bus_message* request) {
        Resumption* re = find(resumptions, (*order)->name);

        if (!re || (re->request && !peer_has_left(re->request)))
                return false;
        launch_order_free(re->order);
        sd_bus_message_unref(re->request);
        re->order = take_ptr(*order);
        re->request = sd_bus_message_ref(request);
        return true;
}

bool resumptions_has(const Resumptions* resumptions, const char* name) {
        return find(resumptions, name);
}

size_t resumptions_count(const Resumptions* resumptions) {
        return resumptions->n;
}

Resumptions* resumptions_new(sd_event* event, ScopeWatches* watches, NodeTable* nodes,
                             const ResumptionHandlers* handlers, void* userdata) {
        Resumptions* resumptions = xnew0(Resumptions);

        resumptions->event = sd_event_ref(event);
        resumptions->watches = watches;
        resumptions->nodes = nodes;
        resumptions->handlers = handlers;
        resumptions->userdata = userdata;
        TAILQ_INIT(&resumptions->all);
        return resumptions;
}

Resumptions* resumptions_free(Resumptions* resumptions) {
        Resumption* re;

        if (!resumptions)
                return NULL;
        while ((re = TAILQ_FIRST(&resumptions->all))) {
                forget(re);
                resumption_free(re);
        }
        sd_event_unref(resumptions->event);
        free(resumptions);
        return NULL;
}
