/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include "core/prospect.h"
#include "supervisor/cgroup.h"
#include "supervisor/instance.h"
#include "supervisor/launch-order.h"
#include "supervisor/manager-face.h"
#include "supervisor/reload.h"
#include "supervisor/request.h"
#include "supervisor/status.h"
#include "util/strv.h"
#include "version.h"
#include "wire/names.h"
#include "wire/spec-codec.h"

/* ---- changing ---- */

static int handle_create(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = NULL;
        const SeccompProfile* profile;
        _cleanup_free_ char* why = NULL;
        Supervisor* s = userdata;
        Node* node;
        int r;

        if (spec_read(m, &spec, &e) < 0 || node_spec_check_caller(spec, &e) < 0)
                return sd_bus_error_setf(error, ERROR_INVALID_CONFIG, "%s: %s", e.key, e.why);
        if (spec->seccomp && seccomp_profiles_find(&s->configuration->profiles, spec->seccomp, &profile, &why) < 0)
                return sd_bus_error_setf(error, ERROR_INVALID_CONFIG, "seccomp: %s", why);

        r = request_check_limits(s, m, error);
        if (r < 0)
                return r;
        if (s->stopping)
                return sd_bus_error_set(error, ERROR_LAUNCH_FAILED, "the supervisor is being stopped and starts no more nodes");

        node = registry_find(&s->registry, spec->name);
        if (node && node_prospect(node).exists)
                return sd_bus_error_setf(error, ERROR_NODE_EXISTS, "node with name '%s' already exists", spec->name);
        if (!node && registry_is_full(&s->registry))
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "there are %zu nodes already, as many as MaxNodes= in supervisor.conf allows",
                                         s->registry.n);

        request_create(s, m, spec, NODE_RUNTIME);
        return 1;
}

/* "" stands for all, as in Zeek. */
static int handle_job(sd_bus_message* m, Supervisor* s, JobType type, sd_bus_error* error) {
        const char* name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = request_check_limits(s, m, error);
        if (r < 0)
                return r;

        if (*name)
                request_one(s, m, type, name);
        else
                request_all(s, m, type);
        return 1;
}

static int handle_destroy(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return handle_job(m, userdata, JOB_DESTROY, error);
}

static int handle_restart(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return handle_job(m, userdata, JOB_RESTART, error);
}

static int handle_reload(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        reload(userdata, m);
        return 1;
}

static int handle_diff(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return differ_take(s->differ, m, error);
}

/* It changes nothing, but has files read that may not be everybody's to read, and programs run. */
static int method_diff(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_RELOAD, handle_diff, s, error);
}

static int method_create(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_create, s, error);
}

static int method_destroy(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_destroy, s, error);
}

static int method_restart(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_MANAGE_NODES, handle_restart, s, error);
}

static int method_reload(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_RELOAD, handle_reload, s, error);
}

/* ---- reading ---- */

static int method_status(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        Supervisor* s = userdata;
        const Node* node;
        const char* name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0 && !*name)
                return status_answers_add(s->answers, m, error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        node = r >= 0 ? registry_find(&s->registry, name) : NULL;
        if (node && node->phase != PHASE_VOID)
                r = status_append_entry(reply, node, false);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

/* The node in whose control group the process is. Every process of a node is in it or below it, whatever
 * became of its parents; that is what scopes are for. */
static Node* find_node_of_process(Supervisor* s, pid_t pid) {
        _cleanup_free_ char* cgroup = NULL;

        if (pid <= 0 || cgroup_of_pid((uint32_t) pid, &cgroup) < 0)
                return NULL;

        REGISTRY_FOREACH(node, &s->registry) {
                const char* own = node_instance(node)->cgroup;
                size_t length = own ? strlen(own) : 0;

                if (own && strncmp(cgroup, own, length) == 0 && (cgroup[length] == 0 || cgroup[length] == '/'))
                        return node;
        }
        return NULL;
}

static int handle_is_supervisor(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return sd_bus_reply_method_return(m, "b", caller->pid == getpid());
}

static int handle_is_supervised(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        return sd_bus_reply_method_return(m, "b", find_node_of_process(userdata, caller->pid) != NULL);
}

static int handle_node(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        Node* node = find_node_of_process(userdata, caller->pid);
        int r;

        if (!node)
                return sd_bus_error_setf(error, ERROR_NOT_SUPERVISED, "process %i does not belong to a supervised node",
                                         (int) caller->pid);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = spec_append(reply, node->spec);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int method_is_supervisor(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return identify_process(s->authorizer, m, handle_is_supervisor, s, error);
}

static int method_is_supervised(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return identify_process(s->authorizer, m, handle_is_supervised, s, error);
}

static int method_node(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return identify_process(s->authorizer, m, handle_node, s, error);
}

/* ---- properties ---- */

#define GETTER(name)                                                                                            \
        static int get_##name(sd_bus* bus, const char* path, const char* interface, const char* property,       \
                              sd_bus_message* reply, void* userdata, sd_bus_error* error)

GETTER(version) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

GETTER(stem_pid) {
        Supervisor* s = userdata;

        return sd_bus_message_append(reply, "u", stem_client_pid(s->stem));
}

GETTER(n_nodes) {
        Supervisor* s = userdata;

        return sd_bus_message_append(reply, "u", (uint32_t) registry_count(&s->registry));
}

/* What this daemon can do beyond the base of the interface. */
GETTER(features) {
        static const char* const system_features[] = { "polkit", NULL };
        static const char* const user_features[] = { "user-mode", NULL };
        const Supervisor* s = userdata;

        return sd_bus_message_append_strv(reply, (char**) (s->places.user_mode ? user_features : system_features));
}

GETTER(zeek_binary) {
        Supervisor* s = userdata;

        return sd_bus_message_append(reply, "s", s->configuration->binary ? s->configuration->binary : "");
}

GETTER(zeek_version) {
        Supervisor* s = userdata;
        ZeekVersion version = s->configuration->version;
        _cleanup_free_ char* text = version.known ? zeek_version_to_string(version) : xstrdup("");

        return sd_bus_message_append(reply, "s", text);
}

static const sd_bus_vtable manager_face_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Create", SD_BUS_ARGS("a{sv}", node), SD_BUS_RESULT("s", description), method_create,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Destroy", SD_BUS_ARGS("s", node), SD_BUS_RESULT("b", done), method_destroy,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_ARGS("s", node), SD_BUS_RESULT("b", done), method_restart,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_ARGS("s", node), SD_BUS_RESULT("a{sa{sv}}", nodes), method_status,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("IsSupervisor", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", supervisor), method_is_supervisor,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("IsSupervised", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", supervised), method_is_supervised,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Node", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", node), method_node,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Diff", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ss)", changes), method_diff,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("NodeStatus", SD_BUS_ARGS("s", node, "u", pid), 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StemPID", "u", get_stem_pid, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NNodes", "u", get_n_nodes, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ZeekBinary", "s", get_zeek_binary, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ZeekVersion", "s", get_zeek_version, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

int manager_face_register(Supervisor* s) {
        int r;

        r = sd_bus_add_object_vtable(s->bus, NULL, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, manager_face_vtable, s);
        if (r < 0)
                return r;
        return sd_bus_add_object_manager(s->bus, NULL, SUPERVISOR_PATH);
}
