/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/prospect.h"
#include "core/static-plan.h"

static void add(StaticPlan* plan, const char* name, PlanAction action, NodeSpec* spec) {
        GROW(plan->items, plan->n, plan->allocated);
        plan->items[plan->n++] = (PlanEntry) { name, action, spec };
}

static int compare_names(const void* a, const void* b) {
        return strcmp((*(NodeSpec* const*) a)->name, (*(NodeSpec* const*) b)->name);
}

static bool is_wanted(const char* name, NodeSpec* const* sorted, size_t n) {
        const NodeSpec key = { .name = (char*) name }, *pointer = &key;

        return n > 0 && bsearch(&pointer, sorted, n, sizeof(NodeSpec*), compare_names);
}

/* Nodes share tables, which may be large: the same two are compared once. */
typedef struct Comparison {
        const ClusterTable *a, *b; /* weak */
        bool equal;
} Comparison;

static bool is_as_wanted(const NodeSpec* spec, const NodeSpec* wanted, Comparison* last) {
        if (!record_equal(&node_spec_type, &spec->record, &wanted->record))
                return false;
        if (last->a != spec->cluster || last->b != wanted->cluster)
                *last = (Comparison) { spec->cluster, wanted->cluster, cluster_table_equal(spec->cluster, wanted->cluster) };
        return last->equal;
}

static PlanAction decide(const Node* node, const NodeSpec* wanted, Comparison* last) {
        Prospect p = node ? node_prospect(node) : (Prospect) {};

        if (!p.exists)
                return PLAN_CREATE;
        if (p.origin == NODE_RUNTIME)
                return is_as_wanted(p.spec, wanted, last) ? PLAN_TAKE_OVER : PLAN_REFUSE;
        if (p.spec->role != wanted->role)
                return PLAN_REPLACE;
        return is_as_wanted(p.spec, wanted, last) ? PLAN_KEEP : PLAN_CHANGE;
}

void static_plan_make(StaticPlan* plan, const Registry* registry, NodeSpec* const* wanted, size_t n_wanted) {
        _cleanup_free_ NodeSpec** sorted = xcalloc(n_wanted, sizeof(NodeSpec*));
        Comparison last = { .equal = true }; /* two that are none */

        *plan = (StaticPlan) {};
        if (n_wanted > 0) {
                memcpy(sorted, wanted, n_wanted * sizeof(NodeSpec*));
                qsort(sorted, n_wanted, sizeof(NodeSpec*), compare_names);
        }

        for (size_t i = 0; i < registry->n; i++) {
                const Node* node = registry->nodes[i];
                Prospect p = node_prospect(node);

                if (!p.exists || is_wanted(node->name, sorted, n_wanted))
                        continue;
                if (p.origin == NODE_STATIC)
                        add(plan, node->name, PLAN_DESTROY, NULL);
                else
                        plan->n_after++;
        }
        for (size_t i = 0; i < n_wanted; i++)
                add(plan, wanted[i]->name, decide(registry_find(registry, wanted[i]->name), wanted[i], &last), wanted[i]);
        plan->n_after += n_wanted;
}

void static_plan_done(StaticPlan* plan) {
        free(plan->items);
        *plan = (StaticPlan) {};
}
