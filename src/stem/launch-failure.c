/* SPDX-License-Identifier: BSD-3-Clause */
#include "stem/launch-failure.h"
#include "stem/limits.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

static void reply_failed(Launch* launch) {
        Launches* launches = launch->launches;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* request = take_ptr(launch->request);

        if (request)
                launches->handlers->failed(request, launch->order->name, launch->why, launches->userdata);
}

/* The end, once there is nothing left to wait for. */
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

/* When the manager has no open call of ours any more. */
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

/* If the program runs already, with those that it has started: they would keep the scope. */
static void kill_child(Launch* launch) {
        process_kill_group(&launch->process);
        launch->killed = true;
        launch_set_timer(launch, LAUNCH_CLEANUP_TIMEOUT_USEC);
}

/* One that still waits for its go learns that there will be none. */
static void end_child(Launch* launch) {
        if (launch->process.go < 0) {
                kill_child(launch);
                return;
        }
        launch->process.go = fd_close(launch->process.go);
        launch_set_timer(launch, LAUNCH_UNDO_TIMEOUT_USEC);
}

void launch_fail(Launch* launch, char* why) {
        if (launch->state == LAUNCH_CLEANUP) {
                free(why);
                return;
        }

        launch->why = why;
        launch->state = LAUNCH_CLEANUP;
        log_debug("Launch of node '%s' failed: %s", launch->order->name, launch->why);

        launch->report_source = sd_event_source_disable_unref(launch->report_source);
        /* Only then: what is noted as failed is not held by the next stem. */
        end_child(launch);
        if (launch->slot)
                store_slot_failed(launch->slot);
        if (launch->process.pid == 0)
                launch->ended = true;

        if (launch->start && !launch->start_over)
                scope_start_give_up(launch->start); /* goes on in launch_failure_start_is_over(), maybe at once */
        else
                launch_failure_start_is_over(launch);
}

void launch_failure_child_ended(Launch* launch) {
        end_if_clean(launch);
}

void launch_failure_start_is_over(Launch* launch) {
        remove_scope(launch);
        end_if_clean(launch);
}

void launch_failure_is_late(Launch* launch) {
        if (!launch->killed) {
                kill_child(launch);
                return;
        }
        /* The requester has waited long enough; what is left is still waited for, with the name taken. */
        log_warning("What is left of the failed launch of node '%s' is still being removed", launch->order->name);
        reply_failed(launch);
}
