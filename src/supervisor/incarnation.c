/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "link/stem-names.h"
#include "supervisor/cgroup.h"
#include "supervisor/hand-back.h"
#include "supervisor/incarnation.h"
#include "util/fd.h"
#include "util/log.h"

/* The stem has answered it, or its answer does not matter any more. */
static void order_is_over(Instance* instance) {
        if (!instance->order)
                return;
        instance->order = sd_bus_slot_unref(instance->order);
        start_queue_order_is_over(instance->supervisor->starts);
}

void incarnation_forget(Instance* instance) {
        instance->output = node_output_free(instance->output);
        instance->status = status_watch_free(instance->status);
        order_is_over(instance);
        instance->release = sd_bus_slot_unref(instance->release);
        instance->pidfd = fd_close(instance->pidfd);
        instance->syscalls_fd = fd_close(instance->syscalls_fd);
        instance->exited = instance->emptied = instance->out_of_memory = instance->draining = instance->unwatched = false;
        scope_limits_forget(instance->supervisor->limits, instance);
        free_and_replace(instance->cgroup, NULL);
}

/* ---- the process and its pipes ---- */

static void on_output_changed(void* userdata) {
        Instance* instance = userdata;

        notices_mark(instance->supervisor->notices, instance->node, NOTICE_OUTPUT);
}

static int duplicate(const HeldProcess* held, NodeFd which) {
        return held->fds[which] < 0 ? -EBADF : fd_duplicate(held->fds[which]);
}

static int watch_output(Instance* instance, const HeldProcess* held) {
        const Node* node = instance->node;
        Supervisor* s = instance->supervisor;
        const NodeSettings* settings = &s->configuration->settings->roles[node->spec->role];
        _cleanup_close_ int output = duplicate(held, NODE_FD_OUTPUT), error = duplicate(held, NODE_FD_ERROR);

        return node_output_new(s->output,
                               &(NodeOutputConfig) {
                                       .node = node->name,
                                       .role = node->spec->role,
                                       .scope = node->scope,
                                       .pid = (pid_t) held->pid,
                                       .user_mode = s->places.user_mode,
                                       .line_max = settings->line_max,
                                       .rate_limit_interval = settings->log_rate_limit_interval_usec,
                                       .rate_limit_burst = settings->log_rate_limit_burst,
                                       .out_fd = take_fd(output),
                                       .err_fd = take_fd(error),
                                       .state = &instance->output_state,
                                       .changed = on_output_changed,
                                       .userdata = instance,
                               },
                               &instance->output);
}

/* What the node says of itself, or that nothing is to be learned: then it is ready when it runs. */
static void tell_status(void* userdata) {
        Instance* instance = userdata;
        const StatusWatch* watch = instance->status;
        NodeEventType type = !watch || status_watch_status(watch) == ZEEK_STATUS_RUNNING ? NODE_EVENT_READY :
                             status_watch_has_ended_well(watch) ? NODE_EVENT_TERMINATED : _NODE_EVENT_TYPE_MAX;

        if (type == NODE_EVENT_TERMINATED || (type == NODE_EVENT_READY && !instance->node->ready))
                supervisor_dispatch(instance->supervisor, instance->node, &(NodeEvent) { .type = type });
}

static void watch_status(Instance* instance, const HeldProcess* held) {
        int fd = duplicate(held, NODE_FD_STATUS), r = fd;

        if (held->fds[NODE_FD_STATUS] < 0)
                return;
        if (r >= 0)
                r = status_watch_new(instance->supervisor->statuses, instance->node->name, fd, tell_status, instance,
                                     &instance->status);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to watch the status file of node \"%s\", it counts as ready: %m",
                                         instance->node->name);
}

/* Takes copies of what the message owns. */
static void attach(Instance* instance, const HeldProcess* held) {
        _cleanup_free_ char* cgroup = NULL;
        int r;

        if (instance->output)
                return;

        r = watch_output(instance, held);
        if (r < 0)
                (void) log_error_errno(r, "Failed to watch the output of node \"%s\": %m", instance->node->name);
        if (!instance->status)
                watch_status(instance, held);
        /* there already if only the output had come to its end */
        (void) fd_close(instance->pidfd);
        instance->pidfd = duplicate(held, NODE_FD_PROCESS);
        (void) fd_close(instance->syscalls_fd);
        instance->syscalls_fd = duplicate(held, NODE_FD_SYSCALLS);
        /* without a control group: ended already; it has no figures and calls nobody */
        if (cgroup_of_pid(held->pid, &cgroup) >= 0)
                slices_found(instance->supervisor->slices, instance, cgroup);
        free_and_replace(instance->cgroup, take_ptr(cgroup));
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

static void launched(Instance* instance, const HeldProcess* held) {
        attach(instance, held);
        supervisor_dispatch(instance->supervisor, instance->node,
                            &(NodeEvent) { .type = NODE_EVENT_LAUNCHED,
                                           .pid = held->pid,
                                           .not_ready_yet = instance->status != NULL });
        tell_status(instance);
}

static int on_launched(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Instance* instance = userdata;
        HeldProcess held = {};

        order_is_over(instance);
        if (stem_answer_is_lost(reply)) {
                adoption_start(instance->supervisor->adoption);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL))
                supervisor_dispatch(instance->supervisor, instance->node,
                                    &(NodeEvent) {
                                            .type = NODE_EVENT_LAUNCH_FAILED,
                                            .text = sd_bus_message_get_error(reply)->message,
                                    });
        else if (sd_bus_message_read(reply, "u", &held.pid) >= 0 && node_fds_read(reply, held.fds) >= 0)
                launched(instance, &held);
        return 0;
}

static int send_order(Instance* instance, const LaunchOrder* order) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        Slices* slices = instance->supervisor->slices;
        _cleanup_free_ char *slice = slices_take(slices, instance), *group = slices_group(slices, instance);
        StemClient* stem = instance->supervisor->stem;
        int r;

        r = stem_client_new_call(stem, "Launch", &call);
        if (r >= 0)
                r = launch_order_append(call, order, &(ScopePlace) { instance->node->scope, slice, group });
        if (r >= 0)
                r = stem_client_send(stem, call, &instance->order, on_launched, instance);
        if (r >= 0)
                start_queue_order_is_sent(instance->supervisor->starts);
        return r;
}

void incarnation_launch(Instance* instance) {
        _cleanup_launch_order_ LaunchOrder order = {};
        char* why = NULL;
        int r;

        incarnation_forget(instance);
        if (instance_make_order(instance, &order, &why) < 0) {
                fail_launch(instance, why);
                return;
        }

        instance->node->order_hash = launch_order_hash(&order);
        instance->limits_hash = scope_limits_hash(order.spec, order.settings);
        instance->node->outdated = instance->adapt_when_running = false;
        instance_remember(instance);
        r = send_order(instance, &order);
        if (r < 0 && r != -ENOTCONN)
                fail_launch(instance, xasprintf("hand the order to zeek-stem: %s", strerror(-r)));
}

/* ---- signals ---- */

/* One-way: what comes of it shows in how the node ends. Without a stem it is repeated when there is one. */
static void send_signal(Instance* instance, const char* member, int signal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        StemClient* stem = instance->supervisor->stem;
        int r;

        r = stem_client_new_call(stem, member, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", instance->node->name);
        if (r >= 0 && signal > 0)
                r = sd_bus_message_append(call, "i", signal);
        if (r >= 0)
                r = stem_client_post(stem, call);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to have the stem %s node \"%s\": %m", member, instance->node->name);
}

void incarnation_terminate(Instance* instance) {
        send_signal(instance, "Terminate", 0);
}

void incarnation_signal(Instance* instance, int signal) {
        send_signal(instance, "Signal", signal);
}

void incarnation_kill_scope(Instance* instance, int signal) {
        send_signal(instance, "KillScope", signal);
}

/* ---- the end: exited and emptied, then drained, then released ---- */

static void gone(Instance* instance) {
        NodeEvent event = { .type = NODE_EVENT_GONE, .out_of_memory = instance->out_of_memory };

        incarnation_forget(instance);
        supervisor_dispatch(instance->supervisor, instance->node, &event);
}

static int on_released(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Instance* instance = userdata;

        instance->release = sd_bus_slot_unref(instance->release);
        /* Busy: it is another stem, which does not know yet what we have heard from the one before. */
        if (stem_answer_is_lost(reply) || sd_bus_message_is_method_error(reply, STEM_ERROR_BUSY)) {
                adoption_start(instance->supervisor->adoption);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL))
                log_warning("zeek-stem did not release node \"%s\": %s", instance->node->name,
                            sd_bus_message_get_error(reply)->message);

        gone(instance);
        return 0;
}

static void release(void* userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        Instance* instance = userdata;
        StemClient* stem = instance->supervisor->stem;
        int r;

        instance->draining = false;
        instance->output = node_output_free(instance->output);
        if (!instance->exited || !instance->emptied)
                /* another stem has come meanwhile, and says so only now */
                return;

        r = stem_client_new_call(stem, "Release", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", instance->node->name);
        if (r >= 0)
                r = stem_client_send(stem, call, &instance->release, on_released, instance);
        if (r < 0 && r != -ENOTCONN)
                (void) log_warning_errno(r, "Failed to release node \"%s\": %m", instance->node->name);
}

/* The last lines are sent while the process is not reaped yet, so that its pid still means it. */
static void drain(Instance* instance) {
        if (!instance->exited || !instance->emptied || instance->draining || instance->release)
                return;

        instance->draining = true;
        if (instance->output)
                node_output_finish(instance->output, release, instance);
        else
                release(instance);
}

void incarnation_exited(Instance* instance, uint32_t pid, ExitReason reason) {
        if (pid != instance->node->pid || instance->exited)
                return;

        instance->exited = true;
        supervisor_dispatch(instance->supervisor, instance->node,
                            &(NodeEvent) { .type = NODE_EVENT_EXITED, .exit = reason });
        drain(instance);
}

void incarnation_emptied(Instance* instance, uint32_t pid, bool out_of_memory) {
        if (pid != instance->node->pid || instance->emptied)
                return;

        instance->emptied = true;
        instance->out_of_memory |= out_of_memory;
        drain(instance);
}

/* ---- reconciliation ---- */

static void repeat_requests(Instance* instance) {
        switch (instance->node->phase) {
        case PHASE_TERMINATING:
                incarnation_terminate(instance);
                break;
        case PHASE_KILLING:
                incarnation_kill_scope(instance, SIGKILL);
                break;
        default:
                /* sweeping goes on by its timer */
                break;
        }
}

static int on_adopted(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Instance* instance = userdata;

        order_is_over(instance);
        if (stem_answer_is_lost(reply))
                adoption_start(instance->supervisor->adoption);
        else if (sd_bus_message_is_method_error(reply, NULL))
                log_error("zeek-stem did not take node \"%s\" back: %s", instance->node->name,
                          sd_bus_message_get_error(reply)->message);
        else
                repeat_requests(instance);
        return 0;
}

/* The stem lost it, with its store of descriptors: it gets what we have. It holds the node then as if it had never lost
 * it; if the process has ended meanwhile, how is not known. */
static void hand_back(Instance* instance) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        const Node* node = instance->node;
        StemClient* stem = instance->supervisor->stem;
        int r;

        log_notice("zeek-stem does not know node \"%s\" (process %u) any more and is told", node->name, node->pid);
        r = stem_client_new_call(stem, "Adopt", &call);
        if (r >= 0)
                r = hand_back_append(instance, call);
        if (r >= 0)
                r = stem_client_send(stem, call, &instance->order, on_adopted, instance);
        if (r >= 0)
                start_queue_order_is_sent(instance->supervisor->starts);
        if (r < 0 && r != -ENOTCONN)
                (void) log_error_errno(r, "Failed to hand node \"%s\" back to zeek-stem: %m", node->name);
}

static void reconcile_held(Instance* instance, const HeldProcess* held) {
        Node* node = instance->node;

        if (node->phase == PHASE_LAUNCHING) {
                /* the reply that said so did not reach us */
                order_is_over(instance);
                launched(instance, held);
        } else if (!node_has_processes(node) || node->pid != held->pid) {
                if (!held->exited)
                        log_warning("Node \"%s\" was thought to be %s, but process %u of it runs and is adopted", node->name,
                                    node_state_to_string(node_state(node)), held->pid);
                node_find_running(node, held->pid, now_instant());
                attach(instance, held);
        } else
                attach(instance, held);

        /* What a stem before has said, this one may still have to find out, and will say then. */
        instance->exited = instance->exited && held->exited;
        instance->emptied = instance->emptied && held->emptied;
        tell_status(instance);
        repeat_requests(instance);
        if (held->exited)
                incarnation_exited(instance, held->pid, held->reason);
        if (held->emptied)
                incarnation_emptied(instance, held->pid, held->out_of_memory);
        drain(instance);
}

void incarnation_reconcile(Instance* instance, const HeldProcess* held) {
        Node* node = instance->node;

        if (held)
                reconcile_held(instance, held);
        else if (node->phase == PHASE_LAUNCHING) {
                /* never begun, or under way in the stem, which then gives its answer to this order too */
                if (!instance->order && !instance->failure && !instance->is_starting)
                        start_queue_add(instance->supervisor->starts, instance);
        } else if (node_has_processes(node)) {
                if (instance->exited && instance->emptied)
                        /* released, and only the answer was lost */
                        gone(instance);
                else if (!instance->order) {
                        tell_status(instance);
                        hand_back(instance);
                }
        }
}
