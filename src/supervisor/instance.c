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
        instance->pidfd = instance->syscalls_fd = -EBADF;
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
        node_output_state_done(&instance->output_state);
        free(instance->failure_text);
        instance->node->userdata = NULL;
        free(instance);
        return NULL;
}

void instance_remember(Instance* instance) {
        state_files_write_life(instance->supervisor->state, instance->node, &instance->life_hash);
}

void instance_keep_lines(Instance* instance, bool is_new) {
        KeptCounters* kept = state_files_open_lines(instance->supervisor->state, instance->node->name, is_new);

        if (kept)
                node_output_state_keep(&instance->output_state, kept);
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

static bool layout_is_in_use(const Supervisor* s, const char* layout) {
        REGISTRY_FOREACH(node, &s->registry)
                if (node->layout && strcmp(node->layout, layout) == 0)
                        return true;
        return false;
}

/* Takes layout. */
static void replace_layout(Instance* instance, char* layout) {
        _cleanup_free_ char* old = take_ptr(instance->node->layout);

        instance->node->layout = layout;
        if (old && !layout_is_in_use(instance->supervisor, old))
                node_files_remove_layout(instance->supervisor->places.runtime_directory, old);
}

void instance_forget(Instance* instance) {
        state_files_remove(instance->supervisor->state, instance->node->name);
        instance->life_hash = 0;
        node_files_remove_config(instance->supervisor->places.runtime_directory, instance->node->name);
        replace_layout(instance, NULL);
        slices_leave(instance->supervisor->slices, instance);
        node_output_state_done(&instance->output_state);
        node_output_state_init(&instance->output_state);
}

/* ---- orders ---- */

static int make_order(const Supervisor* s, const Configuration* c, const NodeSpec* spec, const NodeFiles* files,
                      LaunchOrder* ret, char** ret_why) {
        return launch_order_init(ret, c, spec,
                                 &(LaunchPaths) {
                                         .state_directory = s->places.state_directory,
                                         .layout_directory = files->layout_directory,
                                         .node_config = files->config,
                                         .log_queue = places_log_queue(&s->places, &c->settings->archiver),
                                         .user_mode = s->places.user_mode,
                                 },
                                 ret_why);
}

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
        r = make_order(s, s->configuration, spec, &files, ret, ret_why);
        replace_layout(instance, take_ptr(files.layout));
        return r;
}

/* What it would be launched with. */
static int imagine_launch(Supervisor* s, const Configuration* c, const NodeSpec* spec, uint64_t* ret_hash,
                          char** ret_layout, char** ret_why) {
        _cleanup_launch_order_ LaunchOrder order = {};
        _cleanup_node_files_ NodeFiles files = {};
        int r;

        node_files_name(s->places.runtime_directory, spec, c->version, &s->layout_memo, &files);
        r = make_order(s, c, spec, &files, &order, ret_why);
        if (r < 0)
                return r;
        *ret_hash = launch_order_hash(&order);
        *ret_layout = take_ptr(files.layout);
        return 0;
}

void instance_assume_launch(Instance* instance) {
        Node* node = instance->node;
        _cleanup_free_ char *why = NULL, *layout = NULL;

        if (imagine_launch(instance->supervisor, instance->supervisor->configuration, node->spec, &node->order_hash, &layout,
                           &why) >= 0)
                free_and_replace(node->layout, take_ptr(layout));
}

static bool is_same(const char* a, const char* b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

LaunchChange instance_compare(const Instance* instance, const Configuration* c, const NodeSpec* spec, char** ret_why) {
        Supervisor* s = instance->supervisor;
        const Node* node = instance->node;
        _cleanup_free_ char* layout = NULL;
        uint64_t hash, limits;

        if (imagine_launch(s, c, spec, &hash, &layout, ret_why) < 0)
                return LAUNCH_IMPOSSIBLE;
        if (hash != node->order_hash)
                return LAUNCH_OTHERWISE;

        /* that nothing is known of them is no change */
        limits = instance->limits_hash;
        if (limits == 0)
                limits = scope_limits_hash(node->spec, &s->configuration->settings->roles[node->spec->role]);
        if (limits != scope_limits_hash(spec, &c->settings->roles[spec->role]))
                return LAUNCH_LIMITS;
        return is_same(layout, node->layout) ? LAUNCH_SAME : LAUNCH_LAYOUT;
}

void instance_adapt(Instance* instance) {
        Node* node = instance->node;
        _cleanup_free_ char* why = NULL;
        LaunchChange change;

        node->outdated = false;
        instance->adapt_when_running = node->phase == PHASE_LAUNCHING;
        if (node->phase != PHASE_RUNNING)
                return;

        change = instance_compare(instance, instance->supervisor->configuration, node->spec, &why);
        /* What cannot be started now is best left running; the next start will say what is wrong. */
        if (change == LAUNCH_IMPOSSIBLE)
                log_warning("Node \"%s\" runs on, but could not be started again: %s", node->name, why);
        else if (change == LAUNCH_OTHERWISE)
                node->outdated = true;
        else
                scope_limits_update(instance->supervisor->limits, instance);
        instance_remember(instance);
}
