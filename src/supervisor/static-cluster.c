/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/prospect.h"
#include "core/static-plan.h"
#include "supervisor/instance.h"
#include "supervisor/request.h"
#include "supervisor/static-cluster.h"
#include "util/log.h"
#include "util/strv.h"

/* When a machine starts, its name server may not be there yet, and not even all of its own addresses. */
#define HOSTS_RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define HOSTS_RETRY_MAX_USEC (1 * USEC_PER_MINUTE)

struct StaticCluster {
        Supervisor* s; /* weak */
        char** due;    /* to be created once those that are to go are gone */
        bool drops;    /* some are on their way out */
        sd_event_source* go_on;
        sd_event_source* retry;
        usec_t retry_delay; /* 0: the first */
        bool has_had_nodes; /* of the file, on this machine */
};

static void make_plan(const StaticCluster* cluster, const Configuration* c, StaticPlan* plan) {
        size_t n;
        _cleanup_free_ NodeSpec** wanted = node_file_own_nodes(&c->node_file, &n);

        static_plan_make(plan, &cluster->s->registry, wanted, n);
}

static const char* host_of(const NodeSpec* spec) {
        const ClusterEndpoint* own = cluster_table_find(spec->cluster, spec->name);

        return own ? own->host : NULL;
}

/* A node that is to go because its host is another machine now: was it moved, or did this machine lose the address? */
static void check_address(const Supervisor* s, NodeFile* file, const char* name) {
        const NodeSpec* spec = node_prospect(registry_find(&s->registry, name)).spec;
        const NodeSpec* wanted = node_file_find(file, name);
        const char* before = host_of(spec);
        const char* now = wanted ? host_of(wanted) : NULL;

        if (before && now && strcmp(before, now) == 0)
                node_file_refuse(file, name,
                                 "Node '%s' belongs here, but its host %s is no address of this machine any more; bring the "
                                 "address back, or destroy the node first",
                                 name, before);
}

void static_cluster_check(const StaticCluster* cluster, Configuration* c) {
        _cleanup_static_plan_ StaticPlan plan = {};

        /* what is wrong with it in itself has been found */
        if (c->node_file.errors.n > 0)
                return;
        make_plan(cluster, c, &plan);
        for (size_t i = 0; i < plan.n; i++)
                if (plan.items[i].action == PLAN_DESTROY)
                        check_address(cluster->s, &c->node_file, plan.items[i].name);
                else if (plan.items[i].action == PLAN_REFUSE)
                        node_file_refuse(&c->node_file, plan.items[i].name,
                                         "There is a runtime node '%s' that is configured otherwise; destroy it, or give the "
                                         "one in this file another name",
                                         plan.items[i].name);
        if (c->node_file.path && plan.n_after > c->settings->supervisor.max_nodes)
                node_file_refuse(&c->node_file, NULL,
                                 "There would be %zu nodes on this machine, more than MaxNodes= in supervisor.conf allows",
                                 plan.n_after);
}

/* ---- later ---- */

static int on_retry(sd_event_source* source, uint64_t usec, void* userdata) {
        StaticCluster* cluster = userdata;
        int r = configuration_loader_start(cluster->s->loader);

        if (r < 0)
                (void) log_error_errno(r, "Failed to read the configuration again: %m");
        return 0;
}

void static_cluster_retry(StaticCluster* cluster) {
        cluster->retry_delay = cluster->retry_delay == 0 ? HOSTS_RETRY_MIN_USEC
                                                         : min_u64(cluster->retry_delay * 2, HOSTS_RETRY_MAX_USEC);
        (void) sd_event_source_set_time_relative(cluster->retry, cluster->retry_delay);
        (void) sd_event_source_set_enabled(cluster->retry, SD_EVENT_ONESHOT);
}

/* ---- applying ---- */

static void change(Supervisor* s, Node* node, NodeSpec* spec) {
        NodePolicy policy = configuration_policy(s->configuration, spec);
        bool is_to_be_created = node_prospect(node).create;

        registry_share_cluster(&s->registry, spec);
        node_change(node, spec, &policy, NODE_STATIC);
        if (is_to_be_created)
                return;
        state_files_write_config(s->state, spec);
        instance_remember(node_instance(node));
        instance_adapt(node_instance(node));
        notices_mark(s->notices, node, NOTICE_CONFIG);
}

static void log_plan(const StaticPlan* plan) {
        unsigned n[_PLAN_ACTION_MAX] = {};

        for (size_t i = 0; i < plan->n; i++)
                n[plan->items[i].action]++;
        if (plan->n > n[PLAN_KEEP])
                log_info("Nodes of node.cfg: %u are new, %u gone, %u to be made anew, %u changed, %u as before",
                         n[PLAN_CREATE], n[PLAN_DESTROY], n[PLAN_REPLACE], n[PLAN_CHANGE] + n[PLAN_TAKE_OVER],
                         n[PLAN_KEEP]);
}

/* None of its hosts is this machine, which may be so only because it has just started. */
static void wait_for_addresses(StaticCluster* cluster, const NodeFile* file) {
        size_t n;

        free(node_file_own_nodes(file, &n));
        cluster->has_had_nodes |= n > 0;
        if (file->path && !cluster->has_had_nodes && cluster->retry_delay < HOSTS_RETRY_MAX_USEC)
                static_cluster_retry(cluster);
}

void static_cluster_change(StaticCluster* cluster) {
        _cleanup_static_plan_ StaticPlan plan = {};
        Supervisor* s = cluster->s;

        make_plan(cluster, s->configuration, &plan);
        log_plan(&plan);
        wait_for_addresses(cluster, &s->configuration->node_file);
        cluster->due = strv_free(cluster->due);
        for (size_t i = 0; i < plan.n; i++) {
                const PlanEntry* entry = &plan.items[i];
                Node* node = registry_find(&s->registry, entry->name);
                bool goes = entry->action == PLAN_DESTROY || entry->action == PLAN_REPLACE;

                if (node && node_instance(node))
                        node_instance(node)->dropped = goes;
                if (entry->action == PLAN_CHANGE || entry->action == PLAN_TAKE_OVER)
                        change(s, node, entry->spec);
                if (entry->action == PLAN_CREATE || entry->action == PLAN_REPLACE)
                        strv_extend(&cluster->due, entry->name);
        }
}

static bool is_any_dropped(const Supervisor* s) {
        REGISTRY_FOREACH(node, &s->registry)
                if (node_instance(node)->dropped && node_prospect(node).exists)
                        return true;
        return false;
}

static void create_due(StaticCluster* cluster) {
        _cleanup_strv_free_ char** due = take_ptr(cluster->due);
        Supervisor* s = cluster->s;
        size_t n;
        _cleanup_free_ NodeSpec** wanted = node_file_own_nodes(&s->configuration->node_file, &n);

        for (size_t i = 0; i < n; i++)
                if (strv_contains(due, wanted[i]->name))
                        request_create(s, NULL, wanted[i], NODE_STATIC);
}

void static_cluster_go_on(StaticCluster* cluster) {
        Supervisor* s = cluster->s;

        if (cluster->drops || s->stopping)
                return;
        if (is_any_dropped(s)) {
                cluster->drops = true;
                request_destroy_dropped(s);
                return;
        }
        create_due(cluster);
        request_restart_of_outdated(s);
}

static int on_go_on(sd_event_source* source, void* userdata) {
        static_cluster_go_on(userdata);
        return 0;
}

/* Not at once: the last of them is still in the middle of it. */
void static_cluster_dropped(StaticCluster* cluster) {
        cluster->drops = false;
        (void) sd_event_source_set_enabled(cluster->go_on, SD_EVENT_ONESHOT);
}

int static_cluster_new(Supervisor* s, StaticCluster** ret) {
        StaticCluster* cluster = xnew0(StaticCluster);
        int r;

        cluster->s = s;
        r = sd_event_add_defer(s->event, &cluster->go_on, on_go_on, cluster);
        if (r >= 0)
                r = sd_event_source_set_enabled(cluster->go_on, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &cluster->retry, CLOCK_MONOTONIC, 0, 0, on_retry, cluster);
        if (r >= 0)
                r = sd_event_source_set_enabled(cluster->retry, SD_EVENT_OFF);
        if (r < 0) {
                static_cluster_free(cluster);
                return r;
        }

        *ret = cluster;
        return 0;
}

StaticCluster* static_cluster_free(StaticCluster* cluster) {
        if (!cluster)
                return NULL;

        (void) sd_event_source_disable_unref(cluster->go_on);
        (void) sd_event_source_disable_unref(cluster->retry);
        strv_free(cluster->due);
        free(cluster);
        return NULL;
}

/* ---- looking ahead ---- */

static int append(sd_bus_message* m, const char* name, const char* what) {
        return sd_bus_message_append(m, "(ss)", name, what);
}

/* What would become of a node that stays. */
static int append_change(const Configuration* c, const Node* node, const NodeSpec* spec, bool is_changed,
                         sd_bus_message* m) {
        static const char* const words[] = {
                [LAUNCH_OTHERWISE] = "restart",
                [LAUNCH_LIMITS] = "limits",
                [LAUNCH_LAYOUT] = "layout",
        };
        _cleanup_free_ char* why = NULL;
        LaunchChange change = LAUNCH_IMPOSSIBLE;

        if (node->phase == PHASE_RUNNING)
                change = instance_compare(node_instance(node), c, spec, &why);
        if (change != LAUNCH_SAME && change != LAUNCH_IMPOSSIBLE)
                return append(m, node->name, words[change]);
        return is_changed ? append(m, node->name, "config") : 0;
}

static int append_entry(const Supervisor* s, const Configuration* c, const PlanEntry* entry, sd_bus_message* m) {
        const Node* node = registry_find(&s->registry, entry->name);
        int r = 0;

        switch (entry->action) {
        case PLAN_CREATE:
                return append(m, entry->name, "create");
        case PLAN_DESTROY:
                return append(m, entry->name, "destroy");
        case PLAN_REPLACE:
                r = append(m, entry->name, "destroy");
                return r < 0 ? r : append(m, entry->name, "create");
        case PLAN_TAKE_OVER:
                r = append(m, entry->name, "origin");
                break;
        default:
                break;
        }
        return r < 0 ? r : append_change(c, node, entry->spec, entry->action == PLAN_CHANGE, m);
}

static bool is_planned(const StaticPlan* plan, const char* name) {
        for (size_t i = 0; i < plan->n; i++)
                if (strcmp(plan->items[i].name, name) == 0)
                        return true;
        return false;
}

int static_cluster_append_difference(const StaticCluster* cluster, const Configuration* c, sd_bus_message* m) {
        _cleanup_static_plan_ StaticPlan plan = {};
        const Supervisor* s = cluster->s;
        int r;

        make_plan(cluster, c, &plan);
        r = sd_bus_message_open_container(m, 'a', "(ss)");
        for (size_t i = 0; r >= 0 && i < plan.n; i++)
                r = append_entry(s, c, &plan.items[i], m);
        REGISTRY_FOREACH(node, &s->registry)
                if (r >= 0 && !is_planned(&plan, node->name))
                        r = append_change(c, node, node->spec, false, m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
