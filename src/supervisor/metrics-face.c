/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "supervisor/cgroup.h"
#include "supervisor/instance.h"
#include "supervisor/metrics-face.h"
#include "version.h"
#include "wire/names.h"

/* What the numbers are read from. */
typedef struct Snapshot {
        const Supervisor* s;
        CgroupFigures* figures; /* of each node, in the order of the registry */
} Snapshot;

typedef struct Family {
        const char* name;
        const char* type;
        const char* unit; /* the last word of the name, or "" */
        const char* help;
        int (*append)(sd_bus_message* m, const Snapshot* x);
} Family;

/* One sample: the rest of its name, the value, and pairs of a label and its value up to NULL. */
static int append_sample(sd_bus_message* m, const char* suffix, double value, ...) {
        const char* label;
        va_list labels;
        int r = sd_bus_message_open_container(m, 'r', "sa{ss}d");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', suffix);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        va_start(labels, value);
        while (r >= 0 && (label = va_arg(labels, const char*)))
                r = sd_bus_message_append(m, "{ss}", label, va_arg(labels, const char*));
        va_end(labels);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 'd', &value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* ---- the supervisor ---- */

static int append_info(sd_bus_message* m, const Snapshot* x) {
        const Configuration* c = x->s->configuration;
        _cleanup_free_ char* zeek = c && c->version.known ? zeek_version_to_string(c->version) : xstrdup("");

        return append_sample(m, "_info", 1, "version", PROJECT_VERSION, "zeek_version", zeek, NULL);
}

static int append_nodes(sd_bus_message* m, const Snapshot* x) {
        unsigned n[_NODE_STATE_MAX] = {};
        int r = 0;

        REGISTRY_FOREACH(node, &x->s->registry)
                n[node_state(node)]++;
        for (NodeState state = 0; r >= 0 && state < _NODE_STATE_MAX; state++)
                r = append_sample(m, "", n[state], "state", node_state_to_string(state), NULL);
        return r;
}

static int append_hooks(sd_bus_message* m, const Snapshot* x) {
        HookChain* chain = hooks_chain(x->s->hooks);

        return append_sample(m, "", chain ? (double) hook_chain_size(chain) : 0, NULL);
}

static int append_times(sd_bus_message* m, const CallTimes* times) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < CALL_BOUNDS; i++) {
                double seconds = (double) call_bounds[i] / USEC_PER_SEC;
                char bound[32];

                /* as OpenMetrics wants it, so that it is the same wherever it is written */
                (void) snprintf(bound, sizeof bound, call_bounds[i] % USEC_PER_SEC == 0 ? "%.1f" : "%g", seconds);
                r = append_sample(m, "_bucket", (double) times->within[i], "method", times->method, "le", bound, NULL);
        }
        if (r >= 0)
                r = append_sample(m, "_bucket", (double) times->n, "method", times->method, "le", "+Inf", NULL);
        if (r >= 0)
                r = append_sample(m, "_count", (double) times->n, "method", times->method, NULL);
        if (r >= 0)
                r = append_sample(m, "_sum", (double) times->total / USEC_PER_SEC, "method", times->method, NULL);
        return r;
}

static int append_calls(sd_bus_message* m, const Snapshot* x) {
        size_t n;
        const CallTimes* times = call_meter_times(x->s->calls, &n);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (times[i].n > 0)
                        r = append_times(m, &times[i]);
        return r;
}

/* ---- nodes ---- */

/* For families with one sample a node; `when` says which nodes have one. */
#define DEFINE_OF_NODES(what, suffix, when, value)                                              \
        static int append_##what(sd_bus_message* m, const Snapshot* x) {                      \
                int r = 0;                                                                      \
                REGISTRY_FOREACH(node, &x->s->registry)                                            \
                        if (r >= 0 && (when))                                                   \
                                r = append_sample(m, suffix, (double) (value), "node", node->name, NULL); \
                return r;                                                                       \
        }

DEFINE_OF_NODES(ready, "", true, node->ready)
DEFINE_OF_NODES(started, "", node->started.realtime > 0, (double) node->started.realtime / USEC_PER_SEC)
DEFINE_OF_NODES(restarts, "_total", true, node->n_restarts)

static int append_node_info(sd_bus_message* m, const Snapshot* x) {
        int r = 0;

        REGISTRY_FOREACH(node, &x->s->registry)
                if (r >= 0)
                        r = append_sample(m, "_info", 1, "node", node->name, "role", role_to_string(node->spec->role), "scope",
                                          node->scope, NULL);
        return r;
}

static int append_states(sd_bus_message* m, const Snapshot* x) {
        int r = 0;

        REGISTRY_FOREACH(node, &x->s->registry)
                for (NodeState state = 0; r >= 0 && state < _NODE_STATE_MAX; state++)
                        r = append_sample(m, "", node_state(node) == state, "node", node->name, "zeek_node_state",
                                          node_state_to_string(state), NULL);
        return r;
}

static int append_exits(sd_bus_message* m, const Snapshot* x) {
        int r = 0;

        REGISTRY_FOREACH(node, &x->s->registry)
                for (ExitKind kind = 0; r >= 0 && kind < _EXIT_KIND_MAX; kind++)
                        r = append_sample(m, "_total", (double) node_instance(node)->exits[kind], "node", node->name, "reason",
                                          exit_kind_to_string(kind), NULL);
        return r;
}

static int append_lines(sd_bus_message* m, const Snapshot* x) {
        int r = 0;

        REGISTRY_FOREACH(node, &x->s->registry) {
                const NodeOutputState* output = &node_instance(node)->output_state;
                const struct {
                        const char* fate;
                        uint64_t n;
                } lines[] = {
                        { "forwarded", output->lines_forwarded },
                        { "suppressed", output->lines_suppressed },
                        { "dropped", output->lines_dropped },
                };

                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(lines); i++)
                        r = append_sample(m, "_total", (double) lines[i].n, "node", node->name, "fate", lines[i].fate, NULL);
        }
        return r;
}

/* What the kernel counts for a node's scope; nothing where it does not. */
#define DEFINE_OF_SCOPES(figure, suffix, unit)                                                          \
        static int append_##figure(sd_bus_message* m, const Snapshot* x) {                              \
                const CgroupFigures* figures = x->figures;                                              \
                int r = 0;                                                                              \
                REGISTRY_FOREACH(node, &x->s->registry) {                                               \
                        if (r >= 0 && figures->figure != FIGURE_UNKNOWN)                                \
                                r = append_sample(m, suffix, (double) figures->figure / (unit), "node", \
                                                  node->name, NULL);                                    \
                        figures++;                                                                      \
                }                                                                                       \
                return r;                                                                               \
        }

DEFINE_OF_SCOPES(cpu_usage_nsec, "_total", 1e9)
DEFINE_OF_SCOPES(memory_current, "", 1)
DEFINE_OF_SCOPES(tasks_current, "", 1)

/* ---- hooks ---- */

#define DEFINE_OF_HOOKS(counter)                                                                \
        static int append_hook_##counter(sd_bus_message* m, const Snapshot* x) {                \
                HookChain* chain = hooks_chain(x->s->hooks);                                       \
                int r = 0;                                                                      \
                for (size_t i = 0; chain && r >= 0 && i < hook_chain_size(chain); i++)          \
                        r = append_sample(m, "_total", (double) hook_chain_counters(chain, i)->counter, "hook", \
                                          hook_chain_hook(chain, i)->name, NULL);               \
                return r;                                                                       \
        }

DEFINE_OF_HOOKS(matched)
DEFINE_OF_HOOKS(suppressed)
DEFINE_OF_HOOKS(failures)

/* ---- */

static const Family families[] = {
        { "zeek_supervisor", "info", "", "The supervisor, and the Zeek that its nodes run.", append_info },
        { "zeek_supervisor_nodes", "gauge", "", "Nodes by state.", append_nodes },
        { "zeek_supervisor_hooks", "gauge", "", "Output hooks in force.", append_hooks },
        { "zeek_supervisor_call_duration_seconds", "histogram", "seconds",
          "How long calls on the bus took from their arrival to their answer.", append_calls },
        { "zeek_node", "info", "", "A node.", append_node_info },
        { "zeek_node_state", "stateset", "", "The state of a node.", append_states },
        { "zeek_node_ready", "gauge", "", "Whether a node does its work, as far as that is known.", append_ready },
        { "zeek_node_start_time_seconds", "gauge", "seconds", "When the process of a node was started, in Unix time.",
          append_started },
        { "zeek_node_restarts", "counter", "", "Automatic restarts since a node was created or restarted on request.",
          append_restarts },
        { "zeek_node_exits", "counter", "", "Ends of processes of a node by how they came about.", append_exits },
        { "zeek_node_lines", "counter", "",
          "Lines of a node that went to the journal, that hooks suppressed, that were dropped for a limit.", append_lines },
        { "zeek_node_cpu_seconds", "counter", "seconds", "Processor time of the running process tree of a node.",
          append_cpu_usage_nsec },
        { "zeek_node_memory_bytes", "gauge", "bytes", "Memory of a node's scope.", append_memory_current },
        { "zeek_node_tasks", "gauge", "", "Processes and threads in a node's scope.", append_tasks_current },
        { "zeek_hook_matched_lines", "counter", "", "Lines that a hook was for.", append_hook_matched },
        { "zeek_hook_suppressed_lines", "counter", "", "Lines that a hook suppressed.", append_hook_suppressed },
        { "zeek_hook_failures", "counter", "", "Lines that passed because the program of a hook failed.", append_hook_failures },
};

static int append_family(sd_bus_message* m, const Snapshot* x, const Family* family) {
        int r = sd_bus_message_open_container(m, 'r', "ssssa(sa{ss}d)");

        if (r >= 0)
                r = sd_bus_message_append(m, "ssss", family->name, family->type, family->unit, family->help);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sa{ss}d)");
        if (r >= 0)
                r = family->append(m, x);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int method_metrics(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        const Supervisor* s = userdata;
        _cleanup_free_ CgroupFigures* figures = xcalloc(registry_count(&s->registry) + 1, sizeof(CgroupFigures));
        size_t n = 0;
        int r;

        REGISTRY_FOREACH(node, &s->registry)
                cgroup_read_figures(node_instance(node)->cgroup, &figures[n++]);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssssa(sa{ss}d))");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++)
                r = append_family(reply, &(Snapshot) { s, figures }, &families[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int on_message(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        if (sd_bus_message_is_method_call(m, NULL, NULL) > 0)
                call_meter_arrived(s->calls, m, sd_bus_message_get_member(m));
        return 0;
}

static const sd_bus_vtable metrics_face_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Metrics", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssssa(sa{ss}d))", families), method_metrics,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int metrics_face_register(Supervisor* s) {
        int r;

        r = sd_bus_add_filter(s->bus, NULL, on_message, s);
        if (r < 0)
                return r;
        return sd_bus_add_object_vtable(s->bus, NULL, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, metrics_face_vtable, s);
}
