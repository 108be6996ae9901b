/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>

#include "stem/handover.h"
#include "stem/launch.h"
#include "stem/limits.h"
#include "stem/peers.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

typedef struct Launch Launch;

typedef enum LaunchState {
        LAUNCH_QUEUED,  /* nothing has been made yet */
        LAUNCH_SCOPE,   /* the child waits for its scope */
        LAUNCH_STORE,   /* it is in its scope, but not in the store yet: the service manager is slow */
        LAUNCH_CHILD,   /* the child confines itself and executes the program */
        LAUNCH_CLEANUP, /* it failed: wait until child and scope are gone */
} LaunchState;

struct Launches {
        LaunchPlace place;
        const LaunchHandlers* handlers;
        void* userdata;
        size_t n, n_most; /* now; at a time since there were none */
        usec_t went_on; /* when a scope was last made, or not */
        TAILQ_HEAD(, Launch) all;
};

struct Launch {
        Launches* launches; /* weak */
        LaunchOrder* order;
        sd_bus_message* request; /* NULL once it was answered */
        LaunchState state;
        char* why; /* the first failure */
        Process process;
        StoreSlot* slot;
        NodeRecord record;  /* what is told of it: all but the verdicts is the order's */
        bool stored;        /* the service manager has it */
        ChildReport report; /* the last one */
        bool ended;         /* the child is a zombie */
        bool scope_gone;    /* or was never made */
        ScopeStart* start;
        bool start_over; /* it has come to its end */
        ScopeWatch* watch;
        sd_event_source* exit_source;
        sd_event_source* report_source;
        sd_event_source* timer;
        TAILQ_ENTRY(Launch) entry;
};

static Launch* launch_free(Launch* launch) {
        if (!launch)
                return NULL;

        scope_start_free(launch->start);
        scope_watch_free(launch->watch);
        (void) sd_event_source_disable_unref(launch->exit_source);
        (void) sd_event_source_disable_unref(launch->report_source);
        (void) sd_event_source_disable_unref(launch->timer);
        process_release(&launch->process);
        store_slot_keep(launch->slot);
        sd_bus_message_unref(launch->request);
        free(launch->record.verdicts);
        launch_order_free(launch->order);
        free(launch->why);
        free(launch);
        return NULL;
}
DEFINE_CLEANUP(Launch*, launch_free)

/* What stays of a launch lies between what goes, and would keep malloc from giving anything back by itself. */
static void give_memory_back(Launches* launches) {
        if (launches->n_most >= STEM_LAUNCHES_MANY)
                (void) malloc_trim(0);
        launches->n_most = 0;
}

static void launch_end(Launch* launch) {
        Launches* launches = launch->launches;
        LaunchDirectories* directories = launches->place.spawn->directories;

        /* one that succeeded has given its process away */
        launch_directories_leave(directories, launch->process.directory_use);
        TAILQ_REMOVE(&launches->all, launch, entry);
        launch_free(launch);
        if (--launches->n == 0) {
                launch_directories_clear(directories);
                give_memory_back(launches);
        }
}

static void reply_failed(Launch* launch) {
        Launches* launches = launch->launches;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* request = take_ptr(launch->request);

        if (request)
                launches->handlers->failed(request, launch->order->name, launch->why, launches->userdata);
}

/* In CLEANUP: the end, once there is nothing left to wait for. */
static void end_if_clean(Launch* launch) {
        if (launch->start || !launch->scope_gone || !launch->ended)
                return;
        launch->slot = store_slot_drop(launch->slot);
        reply_failed(launch);
        launch_end(launch);
}

static void on_scope_gone(bool out_of_memory, void* userdata) {
        Launch* launch = userdata;

        launch->watch = scope_watch_free(launch->watch);
        launch->scope_gone = true;
        end_if_clean(launch);
}

/* In CLEANUP, when the manager has no open call of ours any more. */
static void remove_scope(Launch* launch) {
        bool made = launch->start && scope_start_may_have_made_scope(launch->start);

        launch->start = scope_start_free(launch->start);
        if (!made) {
                launch->scope_gone = true;
                return;
        }

        launch->watch = scope_watch_new(launch->launches->place.watches, launch->order->scope, on_scope_gone, launch);
        scope_watch_expect(launch->watch, 0);
}

static void set_timer(Launch* launch, usec_t delay) {
        (void) sd_event_source_set_time_relative(launch->timer, delay);
        (void) sd_event_source_set_enabled(launch->timer, SD_EVENT_ONESHOT);
}

/* Takes the text over. May free the launch. */
static void launch_fail(Launch* launch, char* why) {
        if (launch->state == LAUNCH_CLEANUP) {
                free(why);
                return;
        }

        launch->why = why;
        launch->state = LAUNCH_CLEANUP;
        log_debug("Launch of node '%s' failed: %s", launch->order->name, launch->why);

        launch->report_source = sd_event_source_disable_unref(launch->report_source);
        /* Only then: what is noted as failed is not held by the next stem. */
        process_kill(&launch->process);
        if (launch->slot)
                store_slot_failed(launch->slot);
        if (launch->process.pid == 0)
                launch->ended = true;
        set_timer(launch, LAUNCH_CLEANUP_TIMEOUT_USEC);

        if (launch->start && !launch->start_over)
                scope_start_give_up(launch->start); /* goes on in on_scope_done(), maybe at once */
        else {
                remove_scope(launch);
                end_if_clean(launch);
        }
}

/* The child reported a failure, or ended without a word. */
static char* describe_failure(Launch* launch) {
        _cleanup_free_ char *what = NULL, *how = NULL;
        ProcessExit e;

        if (launch->report.error != 0)
                return child_report_describe_error(&launch->report, launch->order);

        what = child_report_describe(&launch->report, launch->order);
        if (process_peek(&launch->process, &e) <= 0)
                return xasprintf("%s: the process ended", what);
        how = process_exit_describe(&e);
        return xasprintf("%s: the process was %s", what, how);
}

static void launch_succeed(Launch* launch) {
        Launches* launches = launch->launches;
        HeldNode* node;
        int r;

        launch->exit_source = sd_event_source_disable_unref(launch->exit_source);
        launch->report_source = sd_event_source_disable_unref(launch->report_source);
        launch->process.fds[PROCESS_FD_REPORT] = fd_close(launch->process.fds[PROCESS_FD_REPORT]);

        handover_take(&launch->process, launch->slot);
        launch_directories_keep(launches->place.spawn->directories, launch->order->working_directory);
        store_slot_launched(launch->slot);
        r = node_table_add(launches->place.nodes, &launch->record, &launch->process, &launch->slot, &node);
        if (r < 0) {
                launch_fail(launch, xasprintf("watch process: %s", strerror(-r)));
                return;
        }
        launches->handlers->launched(launch->request, node, launches->userdata);
        launch_end(launch);
}

/* What the child's last word means. A child that ended has always said its last word, so this comes before its end
 * is looked at. */
static void examine(Launch* launch) {
        if (launch->state == LAUNCH_CLEANUP)
                return;

        switch (process_read_report(&launch->process, &launch->report)) {
        case SPAWN_UNDER_WAY:
                break;
        case SPAWN_EXECUTED:
                launch_succeed(launch);
                break;
        case SPAWN_FAILED:
                /* A child that is being killed closes its pipes before its end can be seen. */
                if (launch->report.error == 0 && process_peek(&launch->process, NULL) == 0)
                        launch->report_source = sd_event_source_disable_unref(launch->report_source);
                else
                        launch_fail(launch, describe_failure(launch));
                break;
        }
}

static int on_report(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        examine(userdata);
        return 0;
}

static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        Launch* launch = userdata;

        (void) sd_event_source_set_enabled(launch->exit_source, SD_EVENT_OFF);
        launch->ended = true;
        if (launch->state == LAUNCH_CLEANUP)
                end_if_clean(launch);
        else
                examine(launch);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        Launch* launch = userdata;
        _cleanup_free_ char* what = NULL;

        if (launch->state == LAUNCH_CLEANUP) {
                /* The requester has waited long enough; what is left is still waited for, with the name taken. */
                log_warning("What is left of the failed launch of node '%s' is still being removed",
                            launch->order->name);
                reply_failed(launch);
                return 0;
        }

        if (launch->state == LAUNCH_QUEUED) {
                usec_t now = now_usec(CLOCK_MONOTONIC), until = launch->launches->went_on + LAUNCH_TIMEOUT_USEC;

                if (now < until) {
                        set_timer(launch, until - now);
                        return 0;
                }
        }

        if (launch->state == LAUNCH_CHILD) {
                (void) process_read_report(&launch->process, &launch->report);
                what = child_report_describe(&launch->report, launch->order);
        } else if (launch->state == LAUNCH_STORE)
                what = xstrdup("store descriptors");
        launch_fail(launch, xasprintf("%s: %s", what ? what : "start scope", strerror(ETIMEDOUT)));
        return 0;
}

static void let_go(Launch* launch) {
        int r;

        launch->state = LAUNCH_CHILD;
        r = process_go(&launch->process);
        if (r < 0) /* it was killed; examine() will find out how */
                (void) log_debug_errno(r, "Failed to let the process of node '%s' go: %m", launch->order->name);
}

static void on_stored(void* userdata) {
        Launch* launch = userdata;

        launch->stored = true;
        if (launch->state == LAUNCH_STORE)
                let_go(launch);
}

/* Long before the go, so that the next stem also knows of a scope that was made for nothing. */
static void on_called(void* userdata) {
        Launch* launch = userdata;
        int r;

        if (launch->slot || launch->state == LAUNCH_CLEANUP)
                return;
        r = store_add(launch->launches->place.store, &launch->record, &launch->process, on_stored, launch, &launch->slot);
        launch->stored = r > 0;
        if (r < 0)
                launch_fail(launch, xasprintf("store descriptors: %s", strerror(-r)));
}

static int note_verdicts(Launch* launch) {
        const SyscallFilter* filter;
        int r = syscall_filters_get(launch->launches->place.spawn->filters, &launch->order->syscalls, &filter);

        if (r >= 0 && filter)
                launch->record.verdicts = xstrdup(filter->verdicts);
        return r;
}

static int on_begin(void* userdata, pid_t* ret_pid, int* ret_pidfd) {
        Launch* launch = userdata;
        const LaunchPlace* place = &launch->launches->place;
        int r;

        r = note_verdicts(launch);
        if (r >= 0)
                r = process_spawn(launch->order, place->spawn, SPAWN_NODE, &launch->process);
        /* The child's end of the report pipe closes with exec or exit, and that is all there is to wait for. */
        if (r >= 0)
                r = sd_event_add_io(place->event, &launch->report_source, launch->process.fds[PROCESS_FD_REPORT], 0, on_report, launch);
        if (r >= 0)
                r = sd_event_add_io(place->event, &launch->exit_source, launch->process.fds[NODE_FD_PROCESS], EPOLLIN, on_exit_event,
                                    launch);
        if (r < 0) {
                free_and_replace(launch->why, xasprintf("start process: %s", strerror(-r)));
                process_abort(&launch->process);
                return r;
        }

        (void) sd_event_source_set_description(launch->report_source, "launch-report");
        (void) sd_event_source_set_description(launch->exit_source, "launch-exit");
        launch->state = LAUNCH_SCOPE;
        set_timer(launch, LAUNCH_TIMEOUT_USEC);
        *ret_pid = launch->process.pid;
        *ret_pidfd = launch->process.fds[NODE_FD_PROCESS];
        return 0;
}

static int on_append_properties(void* userdata, sd_bus_message* m) {
        Launch* launch = userdata;

        return launch_order_append_scope_properties(launch->order, m);
}

static void on_scope_done(void* userdata, const char* why) {
        Launch* launch = userdata;

        launch->start_over = true;
        launch->launches->went_on = now_usec(CLOCK_MONOTONIC);
        if (launch->state == LAUNCH_CLEANUP) {
                remove_scope(launch);
                end_if_clean(launch);
                return;
        }
        if (why) {
                char* text = launch->why ? take_ptr(launch->why) : xasprintf("start scope: %s", why);

                launch_fail(launch, text);
                return;
        }

        launch->state = LAUNCH_STORE;
        if (launch->stored)
                let_go(launch);
}

static const ScopeStartOwner scope_start_owner = {
        .begin = on_begin,
        .append_properties = on_append_properties,
        .called = on_called,
        .done = on_scope_done,
};

Launches* launches_new(const LaunchPlace* place, const LaunchHandlers* handlers, void* userdata) {
        Launches* launches = xnew0(Launches);

        launches->place = *place;
        launches->handlers = handlers;
        launches->userdata = userdata;
        TAILQ_INIT(&launches->all);
        return launches;
}

Launches* launches_free(Launches* launches) {
        Launch* launch;

        if (!launches)
                return NULL;
        while ((launch = TAILQ_FIRST(&launches->all)))
                launch_end(launch);
        free(launches);
        return NULL;
}

size_t launches_count(const Launches* launches) {
        return launches->n;
}

static Launch* find_launch(const Launches* launches, const char* name) {
        Launch* launch;

        TAILQ_FOREACH(launch, &launches->all, entry)
                if (strcmp(launch->order->name, name) == 0)
                        return launch;
        return NULL;
}

bool launches_has(const Launches* launches, const char* name) {
        return find_launch(launches, name);
}

bool launches_join(Launches* launches, const char* name, sd_bus_message* request) {
        Launch* launch = find_launch(launches, name);

        if (!launch || !launch->request || !peer_has_left(launch->request))
                return false;
        sd_bus_message_unref(launch->request);
        launch->request = sd_bus_message_ref(request);
        return true;
}

int launches_begin(Launches* launches, LaunchOrder* order, sd_bus_message* request) {
        _cleanup_(launch_freep) Launch* launch = xnew0(Launch);
        int r;

        launch->launches = launches;
        launch->order = order;
        launch->request = sd_bus_message_ref(request);
        launch->process = PROCESS_NONE;
        launch->record = (NodeRecord) { .name = order->name, .scope = order->scope };
        launch->report.step = _CHILD_STEP_INVALID;

        r = sd_event_add_time_relative(launches->place.event, &launch->timer, CLOCK_MONOTONIC, LAUNCH_TIMEOUT_USEC, 0,
                                       on_timer, launch);
        if (r >= 0)
                r = scope_start_new(launches->place.starts, order->scope, &scope_start_owner, launch, &launch->start);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(launch->timer, "launch-timeout");

        TAILQ_INSERT_TAIL(&launches->all, launch, entry);
        launches->n++;
        if (launches->n > launches->n_most)
                launches->n_most = launches->n;
        take_ptr(launch);
        return 0;
}
