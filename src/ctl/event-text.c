/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/exit-reason.h"
#include "ctl/event-text.h"
#include "ctl/format.h"
#include "ctl/look.h"

static char* describe_exit(const json_t* node) {
        ExitReason reason = { (int) status_number(node, "ExitCode"), (int) status_number(node, "ExitStatus"),
                              json_is_true(json_object_get(node, "OutOfMemory")) };

        return reason.code > 0 ? exit_reason_describe(&reason) : NULL;
}

static char* describe_waiting(const json_t* node) {
        usec_t next = status_number(node, "NextRestartUSec"), since = status_number(node, "StateSinceUSec");
        usec_t delay = next > since ? next - since : 0;
        _cleanup_free_ char *exit = describe_exit(node), *span = format_span(delay);

        return xasprintf("waiting, %s%sstarts again in %s", exit ? exit : "", exit ? ", " : "",
                         delay < USEC_PER_SEC ? "less than 1s" : span);
}

static char* describe_state(const json_t* node) {
        const char* state = status_text(node, "State");
        _cleanup_free_ char* exit = describe_exit(node);

        if (strcmp(state, "running") == 0)
                return xasprintf("running, PID %llu", (unsigned long long) status_number(node, "PID"));
        if (strcmp(state, "waiting") == 0)
                return describe_waiting(node);
        if (exit && (strcmp(state, "failed") == 0 || strcmp(state, "finished") == 0))
                return xasprintf("%s, %s", state, exit);
        return xstrdup(state);
}

static bool differs(const NodeEvent* event, const char* key) {
        return !json_equal(json_object_get(event->before, key), json_object_get(event->now, key));
}

/* A process that took the place of another between two signals has another pid in the same state. */
static bool has_new_state(const NodeEvent* event) {
        return !event->before || differs(event, "State") || differs(event, "PID");
}

static bool has_become_ready(const NodeEvent* event) {
        return differs(event, "Ready") && json_is_true(json_object_get(event->now, "Ready")) &&
                strcmp(status_text(event->now, "State"), "running") == 0;
}

/* Why a process ended is known some milliseconds after that it did, often when the next one is being started already. */
static bool has_run_out_of_memory(const NodeEvent* event) {
        return event->before && differs(event, "OutOfMemory") && json_is_true(json_object_get(event->now, "OutOfMemory"));
}

static char* describe_change(const NodeEvent* event) {
        _cleanup_free_ char* rest = has_new_state(event)    ? describe_state(event->now) :
                                    has_become_ready(event) ? xstrdup("ready") :
                                                              NULL;

        if (!has_run_out_of_memory(event))
                return take_ptr(rest);
        return rest ? xasprintf("memory had run out, %s", rest) : xstrdup("memory had run out");
}

char* event_text(const NodeEvent* event) {
        switch (event->kind) {
        case NODE_EVENT_ADDED:
                return xasprintf("created, %s", status_text(event->now, "State"));
        case NODE_EVENT_REMOVED:
                return xstrdup("destroyed");
        case NODE_EVENT_SUPERVISOR_LEFT:
                return xstrdup("left the bus");
        case NODE_EVENT_SUPERVISOR_CAME:
                return xstrdup("is on the bus");
        case NODE_EVENT_CHANGED:
                return describe_change(event);
        }
        return NULL;
}

json_t* event_json(const NodeEvent* event, usec_t now) {
        static const char* const kinds[] = {
                [NODE_EVENT_ADDED] = "created",
                [NODE_EVENT_CHANGED] = "changed",
                [NODE_EVENT_REMOVED] = "destroyed",
                [NODE_EVENT_SUPERVISOR_LEFT] = "supervisor-left",
                [NODE_EVENT_SUPERVISOR_CAME] = "supervisor-came",
        };
        static const char* const members[][2] = {
                { "State", "state" },
                { "Role", "role" },
                { "PID", "pid" },
                { "Ready", "ready" },
                { "NRestarts", "restarts" },
                { "ExitCode", "exit_code" },
                { "ExitStatus", "exit_status" },
                { "OutOfMemory", "out_of_memory" },
                { "NextRestartUSec", "next_restart_usec" },
        };
        json_t* json = json_pack("{s:I, s:s}", "time_usec", (json_int_t) now, "event", kinds[event->kind]);

        if (event->node)
                json_object_set_new(json, "node", json_string(event->node));
        for (size_t i = 0; event->now && i < ELEMENTSOF(members); i++)
                json_object_set(json, members[i][1], json_object_get(event->now, members[i][0]));
        return json;
}
