/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/cgroup.h"
#include "supervisor/instance.h"
#include "supervisor/status.h"
#include "util/strv.h"
#include "wire/spec-codec.h"

static int append_spec(sd_bus_message* m, const NodeSpec* spec, bool brief) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', "node");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{sv}");
        if (r >= 0)
                r = brief ? spec_append_brief(m, spec) : spec_append(m, spec);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_life(sd_bus_message* m, const Node* node) {
        int r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                  "state", "s", node_state_to_string(node_state(node)),
                                  "role", "s", role_to_string(node->spec->role),
                                  "origin", "s", node_origin_to_string(node->origin),
                                  "scope", "s", node->scope,
                                  "restarts", "u", node->n_restarts,
                                  "since_usec", "t", node->state_since.realtime,
                                  "ready", "b", (int) node->ready);
        if (r >= 0 && node->pid > 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "pid", "u", node->pid, "started_usec", "t",
                                          node->started.realtime);
        if (r >= 0 && node->has_exited)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "exit_code", "i", node->exit.code, "exit_status", "i",
                                          node->exit.status, "out_of_memory", "b", (int) node->exit.out_of_memory);
        if (r >= 0 && node->next_restart > 0)
                r = sd_bus_message_append(m, "{sv}", "next_restart_usec", "t", node->next_restart);
        return r;
}

static int append_last_output(sd_bus_message* m, const Node* node) {
        _cleanup_strv_free_ char** lines = node_output_state_last_lines(&node_instance(node)->output_state);
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', "last_output");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, lines);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_figures(sd_bus_message* m, const Node* node) {
        CgroupFigures figures;
        int r = 0;

        cgroup_read_figures(node_instance(node)->cgroup, &figures);
        if (figures.memory_current != FIGURE_UNKNOWN)
                r = sd_bus_message_append(m, "{sv}", "memory_current", "t", figures.memory_current);
        if (r >= 0 && figures.cpu_usage_nsec != FIGURE_UNKNOWN)
                r = sd_bus_message_append(m, "{sv}", "cpu_usage_nsec", "t", figures.cpu_usage_nsec);
        if (r >= 0 && figures.tasks_current != FIGURE_UNKNOWN)
                r = sd_bus_message_append(m, "{sv}", "tasks_current", "t", figures.tasks_current);
        return r;
}

int status_append_entry(sd_bus_message* m, const Node* node, bool brief) {
        int r = sd_bus_message_open_container(m, 'e', "sa{sv}");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', node->name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = append_spec(m, node->spec, brief);
        if (r >= 0 && brief && node->spec->cluster)
                r = sd_bus_message_append(m, "{sv}", "cluster_omitted", "b", 1);
        if (r >= 0)
                r = append_life(m, node);
        if (r >= 0)
                r = append_last_output(m, node);
        if (r >= 0)
                r = append_figures(m, node);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
