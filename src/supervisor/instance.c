/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/incarnation.h"
#include "supervisor/instance.h"
#include "supervisor/node-files.h"
#include "util/fd.h"
#include "util/log.h"

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
        instance->pidfd = -EBADF;
        node->userdata = instance;
        return instance;
}

Instance* instance_free(Instance* instance) {
        if (!instance)
                return NULL;

        assert(instance->notices == 0);
        start_queue_remove(instance->supervisor->starts, instance);
        scope_limits_forget(instance->supervisor->limits, instance);
        incarnation_forget(instance);
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

void instance_remember(Instance* instance) {
        state_files_write_life(instance->supervisor->state, instance->node, &instance->life_hash);
}

void instance_keep_lines(Instance* instance, bool is_new) {
        LineCounters* counters =
                state_files_open_lines(instance->supervisor->state, instance->node->name, is_new);

        if (counters)
                node_output_state_keep(&instance->output_state, counters);
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
        state_files_remove(instance->supervisor->state, instance->node->name);
        instance->life_hash = 0;
        node_files_remove_config(instance->supervisor->places.runtime_directory, instance->node->name);
        replace_layout(instance, NULL);
        node_output_state_done(&instance->output_state);
        node_output_state_init(&instance->output_state);
}

void instance_find_layout(Instance* instance) {
        const Supervisor* s = instance->supervisor;
        _cleanup_node_files_ NodeFiles files = {};

        /* an equal table makes the same file, which is there already */
        if (node_files_write(s->places.runtime_directory, instance->node->spec, s->configuration->version, &files) >= 0)
                replace_layout(instance, take_ptr(files.layout_directory));
}

/* ---- orders ---- */

int instance_make_order(Instance* instance, LaunchOrder* ret, char** ret_why) {
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

void instance_adapt(Instance* instance) {
        _cleanup_launch_order_ LaunchOrder order = {};
        const Node* node = instance->node;
        _cleanup_free_ char* why = NULL;

        instance->outdated = false;
        instance->adapt_when_running = node->phase == PHASE_LAUNCHING;
        if (node->phase != PHASE_RUNNING)
                return;

        /* What cannot be started now is best left running; the next start will say what is wrong. */
        if (instance_make_order(instance, &order, &why) < 0) {
                log_warning("Node \"%s\" runs on, but could not be started again: %s", node->name, why);
                return;
        }
        instance->outdated = launch_order_hash(&order) != node->order_hash;
        if (!instance->outdated)
                scope_limits_update(instance->supervisor->limits, instance);
}
