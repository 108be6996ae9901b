/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "supervisor/incarnation.h"
#include "supervisor/node-face.h"
#include "supervisor/request.h"
#include "util/strv.h"
#include "wire/names.h"
#include "wire/spec-codec.h"

/* ---- methods: on the way to their handler a node may vanish, so each looks it up again ---- */

/* The name of the node whose object the message is for. */
static char* addressed_name(sd_bus_message* m) {
        char* name = NULL;

        if (sd_bus_path_decode(sd_bus_message_get_path(m), NODE_PATH_PREFIX, &name) <= 0)
                return NULL;
        return name;
}

static int handle_job(sd_bus_message* m, Supervisor* s, JobType type, sd_bus_error* error) {
        _cleanup_free_ char* name = addressed_name(m);
        int r;

        if (!name)
                return sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "This is not the object of a node");
        r = request_check_limits(s, m, error);
        if (r < 0)
                return r;
        request_one(s, m, type, name);
        return 1;
}

static int handle_destroy(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return handle_job(m, userdata, JOB_DESTROY, error);
}

static int handle_restart(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return handle_job(m, userdata, JOB_RESTART, error);
}

static int handle_kill(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_free_ char* name = addressed_name(m);
        Supervisor* s = userdata;
        Node* node = name ? registry_find(&s->registry, name) : NULL;
        int signal;
        int r;

        r = sd_bus_message_read(m, "i", &signal);
        if (r < 0)
                return r;
        if (signal <= 0 || signal > SIGRTMAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%i is not the number of a signal", signal);
        if (!node || node->phase == PHASE_VOID)
                return sd_bus_error_setf(error, ERROR_NO_SUCH_NODE, "there is no node with name '%s'", name ? name : "");

        incarnation_signal(node_instance(node), signal);
        return sd_bus_reply_method_return(m, NULL);
}

static Supervisor* node_supervisor(void* node) {
        return node_instance(node)->supervisor;
}

static int method_destroy(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = node_supervisor(userdata);

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_destroy, s, error);
}

static int method_restart(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = node_supervisor(userdata);

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_restart, s, error);
}

static int method_kill(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = node_supervisor(userdata);

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_kill, s, error);
}

/* ---- properties ---- */

#define GETTER(name)                                                                                            \
        static int get_##name(sd_bus* bus, const char* path, const char* interface, const char* property,       \
                              sd_bus_message* reply, void* userdata, sd_bus_error* error)

#define DEFINE_GETTER(name, signature, value)                                   \
        GETTER(name) {                                                          \
                const Node* node = userdata;                                    \
                return sd_bus_message_append(reply, signature, (value));        \
        }

DEFINE_GETTER(name, "s", node->name)
DEFINE_GETTER(role, "s", role_to_string(node->spec->role))
DEFINE_GETTER(origin, "s", node_origin_to_string(node->origin))
DEFINE_GETTER(state, "s", node_state_to_string(node_state(node)))
DEFINE_GETTER(pid, "u", node->pid)
DEFINE_GETTER(scope, "s", node->scope)
DEFINE_GETTER(n_restarts, "u", node->n_restarts)
DEFINE_GETTER(exit_code, "i", node->exit.code)
DEFINE_GETTER(exit_status, "i", node->exit.status)
DEFINE_GETTER(out_of_memory, "b", (int) node->exit.out_of_memory)
DEFINE_GETTER(state_since, "t", node->state_since.realtime)
DEFINE_GETTER(started, "t", node->started.realtime)
DEFINE_GETTER(next_restart, "t", node->next_restart)
DEFINE_GETTER(ready, "b", (int) node->ready)
DEFINE_GETTER(lines_forwarded, "t", node_instance(node)->output_state.lines_forwarded)
DEFINE_GETTER(lines_suppressed, "t", node_instance(node)->output_state.lines_suppressed)
DEFINE_GETTER(lines_dropped, "t", node_instance(node)->output_state.lines_dropped)

GETTER(config) {
        const Node* node = userdata;

        return spec_append(reply, node->spec);
}

GETTER(last_output) {
        const Node* node = userdata;
        _cleanup_strv_free_ char** lines = node_output_state_last_lines(&node_instance(node)->output_state);

        return sd_bus_message_append_strv(reply, lines);
}

static const sd_bus_vtable node_face_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Destroy", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", done), method_destroy,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", done), method_restart,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("i", signal), SD_BUS_NO_RESULT, method_kill,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Role", "s", get_role, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Origin", "s", get_origin, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("PID", "u", get_pid, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Scope", "s", get_scope, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Config", "a{sv}", get_config, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NRestarts", "u", get_n_restarts, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExitCode", "i", get_exit_code, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExitStatus", "i", get_exit_status, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("OutOfMemory", "b", get_out_of_memory, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StateSinceUSec", "t", get_state_since, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartedUSec", "t", get_started, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NextRestartUSec", "t", get_next_restart, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Ready", "b", get_ready, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastOutput", "as", get_last_output, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LinesForwarded", "t", get_lines_forwarded, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LinesSuppressed", "t", get_lines_suppressed, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LinesDropped", "t", get_lines_dropped, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static int find_node(sd_bus* bus, const char* path, const char* interface, void* userdata, void** ret_found,
                     sd_bus_error* error) {
        _cleanup_free_ char* name = NULL;
        Supervisor* s = userdata;
        Node* node;

        if (sd_bus_path_decode(path, NODE_PATH_PREFIX, &name) <= 0)
                return 0;
        node = registry_find(&s->registry, name);
        if (!node || node->phase == PHASE_VOID)
                return 0;

        *ret_found = node;
        return 1;
}

static int enumerate_nodes(sd_bus* bus, const char* prefix, void* userdata, char*** ret_nodes, sd_bus_error* error) {
        Supervisor* s = userdata;
        char** paths = xcalloc(registry_count(&s->registry) + 1, sizeof(char*));
        size_t n = 0;

        REGISTRY_FOREACH(node, &s->registry)
                if (sd_bus_path_encode(NODE_PATH_PREFIX, node->name, &paths[n]) >= 0)
                        n++;

        *ret_nodes = paths;
        return 1;
}

int node_face_register(Supervisor* s) {
        int r;

        r = sd_bus_add_fallback_vtable(s->bus, NULL, NODE_PATH_PREFIX, NODE_INTERFACE, node_face_vtable, find_node, s);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(s->bus, NULL, NODE_PATH_PREFIX, enumerate_nodes, s);
}
