/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <string.h>

#include "supervisor/cgroup-figures.h"
#include "supervisor/instance.h"
#include "supervisor/launch-order.h"
#include "supervisor/node-files.h"
#include "util/fd.h"
#include "util/log.h"

static void on_output_changed(void* userdata) {
        Instance* instance = userdata;

        notices_mark(instance->supervisor->notices, instance->node, NOTICE_OUTPUT);
}

static int on_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        Instance* instance = userdata;

        supervisor_dispatch(instance->supervisor, instance->node, &(NodeEvent) { .type = NODE_EVENT_TIMER });
        return 0;
}

Instance* instance_new(Supervisor* s, Node* node) {
        Instance* instance = xnew0(Instance);

        instance->supervisor = s;
        instance->node = node;
        node_output_state_init(&instance->output_state);
        node->userdata = instance;
        return instance;
}

static void forget_incarnation(Instance* instance) {
        instance->output = node_output_free(instance->output);
        instance->release = sd_bus_slot_unref(instance->release);
        instance->exited = instance->emptied = false;
        free_and_replace(instance->cgroup, NULL);
}

Instance* instance_free(Instance* instance) {
        if (!instance)
                return NULL;

        assert(instance->notices == 0);
        forget_incarnation(instance);
        sd_event_source_disable_unref(instance->timer);
        sd_event_source_disable_unref(instance->failure);
        sd_bus_slot_unref(instance->launch);
        node_output_state_done(&instance->output_state);
        free(instance->failure_text);
        free(instance->layout_directory);
        instance->node->userdata = NULL;
        free(instance);
        return NULL;
}

void instance_arm_timer(Instance* instance) {
        usec_t deadline = instance->node->deadline;
        int r;

        if (deadline == USEC_INFINITY) {
                instance->timer = sd_event_source_disable_unref(instance->timer);
                return;
        }

        if (instance->timer) {
                r = sd_event_source_set_time(instance->timer, deadline);
                if (r >= 0)
                        r = sd_event_source_set_enabled(instance->timer, SD_EVENT_ONESHOT);
        } else
                r = sd_event_add_time(instance->supervisor->event, &instance->timer, CLOCK_BOOTTIME, deadline, 1, on_timer,
                                      instance);
        if (r < 0)
                (void) log_error_errno(r, "Failed to set the timer of node \"%s\": %m", instance->node->name);
}

/* ---- files that the node reads ---- */

static bool layout_is_in_use(const Supervisor* s, const char* layout_directory) {
        REGISTRY_FOREACH(node, &s->registry) {
                const char* other = node_instance(node)->layout_directory;

                if (other && strcmp(other, layout_directory) == 0)
                        return true;
        }
        return false;
}

/* Takes layout_directory. */
static void replace_layout(Instance* instance, char* layout_directory) {
        _cleanup_free_ char* old = take_ptr(instance->layout_directory);

        instance->layout_directory = layout_directory;
        if (old && !layout_is_in_use(instance->supervisor, old))
                node_files_remove_layout(old);
}

void instance_forget(Instance* instance) {
        node_files_remove_config(instance->supervisor->places.runtime_directory, instance->node->name);
        replace_layout(instance, NULL);
        node_output_state_done(&instance->output_state);
        node_output_state_init(&instance->output_state);
}

/* ---- launch ---- */

static int on_failure(sd_event_source* s, void* userdata) {
        Instance* instance = userdata;
        _cleanup_free_ char* text = take_ptr(instance->failure_text);

        instance->failure = sd_event_source_disable_unref(instance->failure);
        supervisor_dispatch(instance->supervisor, instance->node,
                            &(NodeEvent) { .type = NODE_EVENT_LAUNCH_FAILED, .text = text });
        return 0;
}

/* Tells the node in the next turn of the loop, never from within its own dispatch. Takes text. */
static void fail_launch(Instance* instance, char* text) {
        int r;

        free_and_replace(instance->failure_text, text);
        r = sd_event_add_defer(instance->supervisor->event, &instance->failure, on_failure, instance);
        if (r < 0)
                (void) log_error_errno(r, "Failed to report that node \"%s\" did not start: %m", instance->node->name);
}

static int take_descriptors(sd_bus_message* reply, uint32_t* ret_pid, int* ret_output, int* ret_error) {
        int pidfd, output, error;
        int r;

        r = sd_bus_message_read(reply, "uhhh", ret_pid, &pidfd, &output, &error);
        if (r < 0)
                return r;

        /* the message keeps its own and closes them */
        _cleanup_close_ int output_copy = fd_duplicate(output);
        if (output_copy < 0)
                return output_copy;
        _cleanup_close_ int error_copy = fd_duplicate(error);
        if (error_copy < 0)
                return error_copy;

        *ret_output = take_fd(output_copy);
        *ret_error = take_fd(error_copy);
        return 0;
}

static int watch_output(Instance* instance, uint32_t pid, int output_fd, int error_fd) {
        const Node* node = instance->node;
        Supervisor* s = instance->supervisor;
        const NodeSettings* settings = &s->configuration->settings->roles[node->spec->role];

        return node_output_new(s->output,
                               &(NodeOutputConfig) {
                                       .node = node->name,
                                       .role = role_to_string(node->spec->role),
                                       .scope = node->scope,
                                       .pid = (pid_t) pid,
                                       .user_mode = s->places.user_mode,
                                       .line_max = settings->line_max,
                                       .out_fd = output_fd,
                                       .err_fd = error_fd,
                                       .state = &instance->output_state,
                                       .changed = on_output_changed,
                                       .userdata = instance,
                               },
                               &instance->output);
}

static int on_launched(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Instance* instance = userdata;
        NodeEvent event = { .type = NODE_EVENT_LAUNCHED };
        int output_fd = -EBADF, error_fd = -EBADF;
        int r;

        instance->launch = sd_bus_slot_unref(instance->launch);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                event.type = NODE_EVENT_LAUNCH_FAILED;
                event.text = sd_bus_message_get_error(reply)->message;
                supervisor_dispatch(instance->supervisor, instance->node, &event);
                return 0;
        }

        r = take_descriptors(reply, &event.pid, &output_fd, &error_fd);
        if (r >= 0)
                r = watch_output(instance, event.pid, output_fd, error_fd);
        if (r < 0)
                (void) log_error_errno(r, "Failed to watch the output of node \"%s\": %m", instance->node->name);
        if (cgroup_of_pid(event.pid, &instance->cgroup) < 0)
                /* ended already; it has no figures and calls nobody */
                instance->cgroup = NULL;

        supervisor_dispatch(instance->supervisor, instance->node, &event);
        return 0;
}

static int on_limits_set(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("The service manager refused the limits of a node: %s", sd_bus_message_get_error(reply)->message);
        return 0;
}

static int send_order(Instance* instance, const LaunchOrder* order) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = instance->supervisor->stem;
        int r;

        r = stem_client_new_call(stem, "Launch", &call);
        if (r >= 0)
                r = launch_order_append(call, order, instance->node->scope);
        if (r >= 0)
                r = stem_client_send(stem, call, &instance->launch, on_launched, instance);
        return r;
}

/* Writes the files that the node reads and makes the order that names them. Fails with -EINVAL and a description. */
static int make_order(Instance* instance, LaunchOrder* ret, char** ret_why) {
        const Supervisor* s = instance->supervisor;
        const NodeSpec* spec = instance->node->spec;
        _cleanup_node_files_ NodeFiles files = {};
        int r;

        r = node_files_write(s->places.runtime_directory, spec, s->configuration->version, &files);
        if (r < 0) {
                *ret_why = xasprintf("write files of the node below %s: %s", s->places.runtime_directory, strerror(-r));
                return -EINVAL;
        }
        replace_layout(instance, xstrdup_or_null(files.layout_directory));

        return launch_order_init(ret, s->configuration, spec,
                                 &(LaunchPaths) {
                                         .state_directory = s->places.state_directory,
                                         .layout_directory = files.layout_directory,
                                         .node_config = files.config,
                                         .user_mode = s->places.user_mode,
                                 },
                                 ret_why);
}

void instance_launch(Instance* instance) {
        _cleanup_launch_order_ LaunchOrder order = {};
        char* why = NULL;
        int r;

        forget_incarnation(instance);
        if (make_order(instance, &order, &why) < 0) {
                fail_launch(instance, why);
                return;
        }

        instance->order_hash = launch_order_hash(&order);
        r = send_order(instance, &order);
        if (r < 0)
                fail_launch(instance, xasprintf("hand the order to zeek-stem: %s", strerror(-r)));
}

static int set_limits(Instance* instance, const LaunchOrder* order) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        sd_bus* bus = instance->supervisor->bus;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                           "org.freedesktop.systemd1.Manager", "SetUnitProperties");
        if (r >= 0)
                r = sd_bus_message_append(call, "sb", instance->node->scope, 1);
        if (r >= 0)
                r = launch_order_append_limits(call, order);
        if (r >= 0)
                r = sd_bus_call_async(bus, NULL, call, on_limits_set, instance->supervisor, 0);
        return r;
}

bool instance_adapt(Instance* instance) {
        _cleanup_launch_order_ LaunchOrder order = {};
        _cleanup_free_ char* why = NULL;
        int r;

        /* What cannot be started now is best left running; the next start will say what is wrong. */
        if (make_order(instance, &order, &why) < 0) {
                log_warning("Node \"%s\" runs on, but could not be started again: %s", instance->node->name, why);
                return false;
        }
        if (launch_order_hash(&order) != instance->order_hash)
                return true;

        r = set_limits(instance, &order);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to set the limits of node \"%s\": %m", instance->node->name);
        return false;
}

/* ---- signals ---- */

static void call_with_signal(Instance* instance, const char* member, int signal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = instance->supervisor->stem;
        int r;

        r = stem_client_new_call(stem, member, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "si", instance->node->name, signal);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(call, false);
        if (r >= 0)
                r = sd_bus_message_send(call);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to have signal %i sent to node \"%s\": %m", signal,
                                         instance->node->name);
}

void instance_signal(Instance* instance, int signal) {
        call_with_signal(instance, "Signal", signal);
}

void instance_kill_scope(Instance* instance, int signal) {
        call_with_signal(instance, "KillScope", signal);
}

/* ---- end of an incarnation: exited and emptied, then drained, then released ---- */

static int on_released(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Instance* instance = userdata;

        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("zeek-stem did not release node \"%s\": %s", instance->node->name,
                            sd_bus_message_get_error(reply)->message);

        forget_incarnation(instance);
        supervisor_dispatch(instance->supervisor, instance->node, &(NodeEvent) { .type = NODE_EVENT_GONE });
        return 0;
}

static void release(void* userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        Instance* instance = userdata;
        StemClient* stem = instance->supervisor->stem;
        int r;

        r = stem_client_new_call(stem, "Release", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", instance->node->name);
        if (r >= 0)
                r = stem_client_send(stem, call, &instance->release, on_released, instance);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to release node \"%s\": %m", instance->node->name);
}

/* The last lines are sent while the process is not reaped yet, so that its pid still means it. */
static void drain(Instance* instance) {
        if (!instance->exited || !instance->emptied)
                return;

        if (instance->output)
                node_output_finish(instance->output, release, instance);
        else
                release(instance);
}

void instance_exited(Instance* instance, uint32_t pid, ExitReason reason) {
        if (pid != instance->node->pid || instance->exited)
                return;

        instance->exited = true;
        supervisor_dispatch(instance->supervisor, instance->node,
                            &(NodeEvent) { .type = NODE_EVENT_EXITED, .exit = reason });
        drain(instance);
}

void instance_emptied(Instance* instance, uint32_t pid) {
        if (pid != instance->node->pid || instance->emptied)
                return;

        instance->emptied = true;
        drain(instance);
}
