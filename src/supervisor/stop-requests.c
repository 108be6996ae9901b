/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "core/node-name.h"
#include "supervisor/stop-requests.h"
#include "util/log.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"

typedef struct Question {
        Supervisor* s; /* weak */
        char* node;
} Question;

static void question_free(void* userdata) {
        Question* q = userdata;

        free(q->node);
        free(q);
}

/* A scope that is gone already answers with an error: if that was by a job, the stem has seen it. */
static int on_job(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Question* q = userdata;
        Node* node = registry_find(&q->s->registry, q->node);
        uint32_t job = 0;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "(uo)", &job, NULL) < 0)
                return 0;
        if (node && job != 0)
                supervisor_dispatch(q->s, node, &(NodeEvent) { .type = NODE_EVENT_STOP_REQUEST });
        return 0;
}

static int ask_for_job(Supervisor* s, const char* unit_path, const char* node) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot* slot = NULL;
        Question* q = xnew0(Question);
        int r;

        *q = (Question) { .s = s, .node = xstrdup(node) };
        r = sd_bus_call_method_async(s->bus, &slot, MANAGER_NAME, unit_path, "org.freedesktop.DBus.Properties", "Get", on_job, q,
                                     "ss", MANAGER_NAME ".Unit", "Job");
        if (r < 0) {
                question_free(q);
                return r;
        }
        /* from here on it is the bus's, and ends with the answer */
        (void) sd_bus_slot_set_destroy_callback(slot, question_free);
        (void) sd_bus_slot_set_floating(slot, true);
        return 0;
}

/* Anybody may send us a signal that looks like this one; only the service manager's counts. The system's is uid 0, a
 * user's is that user. */
static int handle_request(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_free_ char *unit = NULL, *name = NULL;
        Supervisor* s = userdata;
        Node* node;
        int r;

        if (caller->uid != geteuid()) {
                log_warning("A process of uid %u pretends to be the service manager, its RequestStop is ignored", caller->uid);
                return 0;
        }

        if (sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH_PREFIX, &unit) <= 0)
                return 0;
        name = node_name_of_scope(unit);
        node = name ? registry_find(&s->registry, name) : NULL;
        r = node ? ask_for_job(s, sd_bus_message_get_path(m), name) : 0;
        if (r < 0)
                (void) log_warning_errno(r, "Failed to ask the service manager why it wants node \"%s\" stopped: %m", name);
        return 0;
}

static int on_request(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        Supervisor* s = userdata;

        (void) identify_user(s->authorizer, m, handle_request, s, ret_error);
        return 0;
}

int stop_requests_watch(Supervisor* s) {
        return sd_bus_match_signal_async(s->bus, NULL, NULL, NULL, MANAGER_NAME ".Scope", "RequestStop", on_request,
                                         NULL, s);
}
