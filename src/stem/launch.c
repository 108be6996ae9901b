/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>

#include "stem/handover.h"
#include "stem/launch-failure.h"
#include "stem/limits.h"
#include "stem/peers.h"
#include "stem/report-text.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

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

void launch_set_timer(Launch* launch, usec_t delay) {
        (void) sd_event_source_set_time_relative(launch->timer, delay);
        (void) sd_event_source_set_enabled(launch->timer, SD_EVENT_ONESHOT);
}

void launch_end(Launch* launch) {
        Launches* launches = launch->launches;
        LaunchDirectories* directories = launches->place.spawn->directories;

        /* one that succeeded has given its process away */
        launch_directories_leave(directories, launch->process.directory_use);
        TAILQ_REMOVE(&launches->all, launch, entry);
        launch_free(launch);
        if (--launches->n == 0) {
                launch_directories_clear(directories);
                give_memory_back(launches);
                spare_child_want(launches->place.spare);
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
                launch->report_source = sd_event_source_disable_unref(launch->report_source);
                launch->state = LAUNCH_JOB;
                if (launch->start_over)
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
                launch_failure_child_ended(launch);
        else
                examine(launch);
        return 0;
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        Launch* launch = userdata;
        _cleanup_free_ char* what = NULL;

        if (launch->state == LAUNCH_CLEANUP) {
                launch_failure_is_late(launch);
                return 0;
        }

        if (launch->state == LAUNCH_QUEUED) {
                usec_t now = now_usec(CLOCK_MONOTONIC), until = launch->launches->went_on + LAUNCH_TIMEOUT_USEC;

                if (now < until) {
                        launch_set_timer(launch, until - now);
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
static int store(Launch* launch) {
        int r = store_add(launch->launches->place.store, &launch->record, &launch->process, on_stored, launch, &launch->slot);

        launch->stored = r > 0;
        if (r < 0)
                free_and_replace(launch->why, xasprintf("store descriptors: %s", strerror(-r)));
        return r;
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
                r = spare_child_obtain(place->spare, launch->order->input_fd, &launch->process);
        if (r >= 0) {
                launch->process.directory_use =
                        launch_directories_use(place->spawn->directories, launch->order->working_directory);
                r = process_instruct(&launch->process, place->spawn, launch->order);
        }
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
        launch_set_timer(launch, LAUNCH_TIMEOUT_USEC);
        *ret_pid = launch->process.pid;
        *ret_pidfd = launch->process.fds[NODE_FD_PROCESS];
        return store(launch);
}

static int on_append_properties(void* userdata, sd_bus_message* m) {
        Launch* launch = userdata;

        return launch_order_append_scope_properties(launch->order, m);
}

static void on_entered(void* userdata) {
        Launch* launch = userdata;

        if (launch->state != LAUNCH_SCOPE)
                return;
        launch->state = LAUNCH_STORE;
        if (launch->stored)
                let_go(launch);
}

static void on_scope_done(void* userdata, const char* why) {
        Launch* launch = userdata;

        launch->start_over = true;
        launch->launches->went_on = now_usec(CLOCK_MONOTONIC);
        if (launch->state == LAUNCH_CLEANUP) {
                launch_failure_start_is_over(launch);
                return;
        }
        if (why) {
                char* text = launch->why ? take_ptr(launch->why) : xasprintf("start scope: %s", why);

                launch_fail(launch, text);
        } else if (launch->state == LAUNCH_JOB)
                launch_succeed(launch);
}

static const ScopeStartOwner scope_start_owner = {
        .begin = on_begin,
        .append_properties = on_append_properties,
        .entered = on_entered,
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
                r = scope_start_new(launches->place.starts, order->scope, order->slice_group, &scope_start_owner, launch,
                                    &launch->start);
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
