/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/registry.h"

void registry_done(Registry* registry) {
        for (size_t i = 0; i < registry->n; i++)
                node_free(registry->nodes[i]);
        free(registry->nodes);
        *registry = (Registry) {};
}

/* Where the name is, or where it would be inserted. */
static size_t position(const Registry* registry, const char* name, bool* ret_found) {
        size_t low = 0, high = registry->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int c = strcmp(registry->nodes[middle]->name, name);

                if (c == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (c < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_found = false;
        return low;
}

Node* registry_find(const Registry* registry, const char* name) {
        bool found;
        size_t i = position(registry, name, &found);

        return found ? registry->nodes[i] : NULL;
}

Node* registry_obtain(Registry* registry, const char* name) {
        bool found;
        size_t i = position(registry, name, &found);

        if (found)
                return registry->nodes[i];

        GROW(registry->nodes, registry->n, registry->allocated);
        memmove(registry->nodes + i + 1, registry->nodes + i, (registry->n - i) * sizeof(Node*));
        registry->n++;
        return registry->nodes[i] = node_new(name);
}

void registry_release(Registry* registry, Node* node) {
        bool found;

        if (!node_is_unused(node))
                return;

        size_t i = position(registry, node->name, &found);
        assert(found && registry->nodes[i] == node);
        registry->n--;
        memmove(registry->nodes + i, registry->nodes + i + 1, (registry->n - i) * sizeof(Node*));
        node_free(node);
}

Node* registry_next(const Registry* registry, const Node* node) {
        bool found;
        size_t i = node ? position(registry, node->name, &found) + 1 : 0;

        while (i < registry->n && registry->nodes[i]->phase == PHASE_VOID)
                i++;
        return i < registry->n ? registry->nodes[i] : NULL;
}

size_t registry_count(const Registry* registry) {
        size_t n = 0;

        /* asked after every change, so without looking for the place of each */
        for (size_t i = 0; i < registry->n; i++)
                if (registry->nodes[i]->phase != PHASE_VOID)
                        n++;
        return n;
}

bool registry_is_full(const Registry* registry) {
        /* names with nothing but a job in their queue count: they are about to be nodes */
        return registry->n >= registry->nodes_max;
}

void registry_share_cluster(const Registry* registry, NodeSpec* spec) {
        if (!spec->cluster)
                return;

        REGISTRY_FOREACH(node, registry)
                if (cluster_table_equal(node->spec->cluster, spec->cluster)) {
                        ClusterTable* shared = cluster_table_ref(node->spec->cluster);

                        cluster_table_unref(spec->cluster);
                        spec->cluster = shared;
                        return;
                }
}
