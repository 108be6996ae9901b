/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "core/node-name.h"
#include "supervisor/stop-requests.h"
#include "util/log.h"

#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"

/* Anybody may send us a signal that looks like this one; only the service manager's counts. The system's is uid 0, a
 * user's is that user. */
static int handle_request(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_free_ char *unit = NULL, *name = NULL;
        Supervisor* s = userdata;
        Node* node;

        if (caller->uid != geteuid()) {
                log_warning("A process of uid %u pretends to be the service manager, its RequestStop is ignored", caller->uid);
                return 0;
        }

        if (sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH_PREFIX, &unit) <= 0)
                return 0;
        name = node_name_of_scope(unit);
        node = name ? registry_find(&s->registry, name) : NULL;
        if (node)
                supervisor_dispatch(s, node, &(NodeEvent) { .type = NODE_EVENT_STOP_REQUEST });
        return 0;
}

static int on_request(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        Supervisor* s = userdata;

        (void) identify(s->authorizer, m, handle_request, s, ret_error);
        return 0;
}

int stop_requests_watch(Supervisor* s) {
        return sd_bus_match_signal_async(s->bus, NULL, NULL, NULL, "org.freedesktop.systemd1.Scope", "RequestStop", on_request,
                                         NULL, s);
}
