/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "link/stem-names.h"
#include "stem/adopt.h"
#include "stem/interface.h"
#include "stem/limits.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

/* An answer that cannot be delivered is no error of ours: the peer has left, and will ask List when it is back. */
static void replied(int r, const char* what) {
        if (r < 0)
                (void) log_debug_errno(r, "Failed to reply to %s: %m", what);
}

static int find_node(const Interface* face, const char* name, HeldNode** ret, sd_bus_error* error) {
        HeldNode* node = node_table_find(face->nodes, name);

        if (!node) {
                (void) sd_bus_error_set(error, STEM_ERROR_NO_SUCH_NODE, "There is no node of this name");
                return -ENOENT;
        }
        *ret = node;
        return 0;
}

static int read_signal(sd_bus_message* m, const char** ret_name, int* ret_signal, sd_bus_error* error) {
        int32_t sig;
        int r = sd_bus_message_read(m, "si", ret_name, &sig);

        if (r < 0)
                return r;
        if (sig < 1 || sig > SIGRTMAX) {
                (void) sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%i is not the number of a signal", sig);
                return -EINVAL;
        }
        *ret_signal = sig;
        return 0;
}

static int reply_with_node(sd_bus_message* m, const HeldNode* node) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "u", (uint32_t) node->process.pid);
        if (r >= 0)
                r = node_fds_append(reply, node->process.fds);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static size_t count_launches(const Interface* face) {
        return launches_count(face->launches) + resumptions_count(face->resumptions);
}

static bool name_is_taken(const Interface* face, const char* name) {
        return node_table_find(face->nodes, name) || launches_has(face->launches, name) ||
               resumptions_has(face->resumptions, name);
}

static int refuse_name(sd_bus_error* error, const char* name) {
        return sd_bus_error_setf(error, STEM_ERROR_EXISTS, "There is a node '%s' already", name);
}

static int begin_launch(Interface* face, LaunchOrder* order, sd_bus_message* m, sd_bus_error* error) {
        int r = launches_begin(face->launches, order, m);

        return r < 0 ? sd_bus_error_setf(error, STEM_ERROR_LAUNCH_FAILED, "start process: %s", strerror(-r)) : 1;
}

static int check_system_calls(const Interface* face, const SyscallOrder* order, sd_bus_error* error) {
        return syscall_filters_have(face->filters, order) ? 0 : launch_order_check_system_calls(order, error);
}

static int method_launch(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Interface* face = userdata;
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        int r;

        r = launch_order_read(m, face->user_mode, &order, error);
        if (r >= 0)
                r = check_system_calls(face, &order->syscalls, error);
        if (r < 0)
                return r;
        if (order->input_fd < 0 &&
            (launches_join(face->launches, order->name, m) || resumptions_join(face->resumptions, &order, m)))
                return 1;
        if (name_is_taken(face, order->name))
                return refuse_name(error, order->name);
        if (launches_count(face->launches) >= STEM_LAUNCHES_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "%u launches are under way already",
                                         STEM_LAUNCHES_MAX);
        if (face->nodes->n + count_launches(face) >= STEM_NODES_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "There are %u nodes already",
                                         STEM_NODES_MAX);
        return begin_launch(face, take_ptr(order), m, error);
}

static void on_launched(sd_bus_message* request, const HeldNode* node, void* userdata) {
        int r = reply_with_node(request, node);

        log_debug("Node '%s' runs as process %i", node->name, (int) node->process.pid);
        if (r == -EMFILE || r == -ENFILE) { /* for the duplicates that the reply takes with it */
                (void) log_error_errno(r, "Failed to hand over the descriptors of node '%s': %m", node->name);
                r = sd_bus_reply_method_errnof(request, r, "Failed to hand over the descriptors: %m");
        }
        replied(r, "Launch");
}

static void on_launch_failed(sd_bus_message* request, const char* name, const char* why, void* userdata) {
        replied(sd_bus_reply_method_errorf(request, STEM_ERROR_LAUNCH_FAILED, "%s", why), "Launch");
}

static void on_begin_anew(LaunchOrder* order, sd_bus_message* request, void* userdata) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (begin_launch(userdata, order, request, &error) < 0)
                replied(sd_bus_reply_method_error(request, &error), "Launch");
}

static int method_signal(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        HeldNode* node;
        const char* name;
        int sig, r;

        r = read_signal(m, &name, &sig, error);
        if (r >= 0)
                r = find_node(userdata, name, &node, error);
        if (r >= 0)
                r = held_node_signal(node, sig);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_terminate(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        HeldNode* node;
        const char* name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = find_node(userdata, name, &node, error);
        if (r >= 0)
                r = held_node_terminate(node);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_kill_scope(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Interface* face = userdata;
        HeldNode* node;
        const char* name;
        int sig, r;

        r = read_signal(m, &name, &sig, error);
        if (r >= 0)
                r = find_node(face, name, &node, error);
        if (r < 0)
                return r;
        if (node->emptied)
                return sd_bus_reply_method_return(m, NULL);
        if (scope_kills_count(face->kills) >= STEM_KILLS_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "%u kills are under way already",
                                         STEM_KILLS_MAX);

        r = scope_kills_begin(face->kills, node->scope, sig, m);
        return r < 0 ? r : 1;
}

void interface_scope_killed(sd_bus_message* request, const sd_bus_error* e, void* userdata) {
        if (e)
                replied(sd_bus_reply_method_error(request, e), "KillScope");
        else
                replied(sd_bus_reply_method_return(request, NULL), "KillScope");
}

static int method_release(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        HeldNode* node;
        const char* name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = find_node(userdata, name, &node, error);
        if (r < 0)
                return r;
        if (!node->exited || !node->emptied)
                return sd_bus_error_setf(error, STEM_ERROR_BUSY, node->exited ? "%s still exists" : "%s still runs",
                                         node->exited ? node->scope : "The process");

        held_node_release(node);
        return sd_bus_reply_method_return(m, NULL);
}

static void on_stop_requested(const HeldNode* node, void* userdata) {
        Interface* face = userdata;

        (void) peers_emit(face->peers, STEM_PATH, STEM_INTERFACE, "StopRequested", "su", node->name,
                          (uint32_t) node->process.pid);
}

/* They may have been said to nobody, or to a supervisor before. */
static void repeat_signals(Interface* face, const HeldNode* node) {
        if (node->stop_requested)
                on_stop_requested(node, face);
        if (node->syscalls)
                syscall_watch_tell(node->syscalls);
}

static int method_attach(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        HeldNode* node;
        const char* name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = find_node(userdata, name, &node, error);
        if (r >= 0)
                r = reply_with_node(m, node);
        if (r >= 0)
                repeat_signals(userdata, node);
        return r;
}

static int method_adopt(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Interface* face = userdata;
        _cleanup_adoption_ Adoption a = ADOPTION_NONE;
        int r;

        r = adoption_read(m, &a, error);
        if (r < 0)
                return r;
        if (name_is_taken(face, a.name))
                r = refuse_name(error, a.name);
        else if (face->nodes->n + count_launches(face) >= STEM_NODES_MAX)
                r = sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "There are %u nodes already",
                                      STEM_NODES_MAX);
        else
                r = adopt(face->nodes, face->store, &a);
        if (r < 0)
                return r;
        log_info("Took node '%s' (process %i) back from the supervisor", a.name,
                 (int) node_table_find(face->nodes, a.name)->process.pid);
        return sd_bus_reply_method_return(m, NULL);
}

static int append_node(sd_bus_message* reply, const HeldNode* node) {
        return sd_bus_message_append(reply, "(ssubiibb)", node->name, node->scope, (uint32_t) node->process.pid,
                                     node->exited, node->exit.code, node->exit.status, node->emptied, node->out_of_memory);
}

static int method_list(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Interface* face = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        const HeldNode* node;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssubiibb)");
        TAILQ_FOREACH(node, &face->nodes->nodes, nodes)
                if (r >= 0)
                        r = append_node(reply, node);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                return r;

        peers_note_informed(face->peers, m);
        TAILQ_FOREACH(node, &face->nodes->nodes, nodes)
                repeat_signals(face, node);
        return r;
}

static int method_probe(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Interface* face = userdata;
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        usec_t timeout;
        int r;

        r = launch_order_read_probe(m, face->user_mode, &order, &timeout, error);
        if (r < 0)
                return r;
        if (probes_count(face->probes) >= STEM_PROBES_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "%u probes are under way already",
                                         STEM_PROBES_MAX);

        r = probes_begin(face->probes, take_ptr(order), timeout, m);
        if (r < 0)
                return sd_bus_error_setf(error, STEM_ERROR_LAUNCH_FAILED, "start process: %s", strerror(-r));
        return 1;
}

static void on_probe_succeeded(sd_bus_message* request, const char* output, void* userdata) {
        replied(sd_bus_reply_method_return(request, "s", output), "Probe");
}

static void on_probe_failed(sd_bus_message* request, bool executed, const char* why, void* userdata) {
        const char* name = executed ? STEM_ERROR_PROBE_FAILED : STEM_ERROR_LAUNCH_FAILED;

        replied(sd_bus_reply_method_errorf(request, name, "%s", why), "Probe");
}

static void on_exited(const HeldNode* node, void* userdata) {
        Interface* face = userdata;

        (void) peers_emit(face->peers, STEM_PATH, STEM_INTERFACE, "Exited", "suii", node->name,
                          (uint32_t) node->process.pid, (int32_t) node->exit.code, (int32_t) node->exit.status);
}

static void on_emptied(const HeldNode* node, void* userdata) {
        Interface* face = userdata;

        (void) peers_emit(face->peers, STEM_PATH, STEM_INTERFACE, "Emptied", "sub", node->name,
                          (uint32_t) node->process.pid, (int) node->out_of_memory);
}

static int property_version(sd_bus* bus, const char* path, const char* interface, const char* property,
                            sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

static int property_pid(sd_bus* bus, const char* path, const char* interface, const char* property,
                        sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        return sd_bus_message_append(reply, "u", (uint32_t) getpid());
}

static bool on_violated(const HeldNode* node, const SyscallReport* report, void* userdata) {
        Interface* face = userdata;

        return peers_emit(face->peers, STEM_PATH, STEM_INTERFACE, "Violation", "susutit", node->name,
                          (uint32_t) node->process.pid, report->call, (uint32_t) report->pid, report->argument,
                          (int32_t) report->verdict, report->count);
}

const NodeHandlers interface_node_handlers = {
        .exited = on_exited,
        .emptied = on_emptied,
        .stop_requested = on_stop_requested,
        .violated = on_violated,
};

const LaunchHandlers interface_launch_handlers = {
        .launched = on_launched,
        .failed = on_launch_failed,
};

const ResumptionHandlers interface_resumption_handlers = {
        .launched = on_launched,
        .begin = on_begin_anew,
};

const ProbeHandlers interface_probe_handlers = {
        .succeeded = on_probe_succeeded,
        .failed = on_probe_failed,
};

/* dbus/org.zeek.Stem.xml says what these mean. */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Launch", SD_BUS_ARGS("a{sv}", order),
                                SD_BUS_RESULT("u", pid, "a{sh}", descriptors), method_launch, 0),
        SD_BUS_METHOD_WITH_ARGS("Signal", SD_BUS_ARGS("s", name, "i", signal), SD_BUS_NO_RESULT, method_signal, 0),
        SD_BUS_METHOD_WITH_ARGS("Terminate", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, method_terminate, 0),
        SD_BUS_METHOD_WITH_ARGS("KillScope", SD_BUS_ARGS("s", name, "i", signal), SD_BUS_NO_RESULT,
                                method_kill_scope, 0),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, method_release, 0),
        SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssubiibb)", nodes), method_list, 0),
        SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("s", name),
                                SD_BUS_RESULT("u", pid, "a{sh}", descriptors), method_attach, 0),
        SD_BUS_METHOD_WITH_ARGS("Adopt",
                                SD_BUS_ARGS("s", name, "s", scope, "u", pid, "a{sh}", descriptors, "a{sv}", system_calls),
                                SD_BUS_NO_RESULT, method_adopt, 0),
        SD_BUS_METHOD_WITH_ARGS("Probe",
                                SD_BUS_ARGS("as", arguments, "as", environment, "u", uid, "u", gid, "t",
                                            timeout_usec),
                                SD_BUS_RESULT("s", output), method_probe, 0),
        SD_BUS_SIGNAL_WITH_ARGS("Exited", SD_BUS_ARGS("s", name, "u", pid, "i", code, "i", status), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Emptied", SD_BUS_ARGS("s", name, "u", pid, "b", out_of_memory), 0),
        SD_BUS_SIGNAL_WITH_ARGS("StopRequested", SD_BUS_ARGS("s", name, "u", pid), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Violation",
                                SD_BUS_ARGS("s", name, "u", pid, "s", call, "u", process, "t", argument, "i", verdict, "t", count),
                                0),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("PID", "u", property_pid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int interface_export(sd_bus* bus, void* interface) {
        return sd_bus_add_object_vtable(bus, NULL, STEM_PATH, STEM_INTERFACE, vtable, interface);
}
