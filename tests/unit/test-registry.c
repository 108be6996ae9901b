/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/registry.h"
#include "unit/specs.h"

#define _cleanup_registry_ _cleanup_(registry_done)

static const Instant now = { .realtime = 1, .boottime = 1 };

/* A node that exists, in PHASE_LAUNCHING. */
static Node* create(Registry* registry, NodeSpec* spec) {
        _cleanup_effects_ Effects effects = {};
        Node* node = registry_obtain(registry, spec->name);
        Job* job = job_new(JOB_CREATE, NULL);

        job->spec = spec;
        node_submit(node, job);
        assert_true(node_advance(node, now, &effects));
        assert_int_equal(node->phase, PHASE_LAUNCHING);
        return node;
}

static void vanish(Registry* registry, Node* node) {
        _cleanup_effects_ Effects effects = {};

        node_dispatch(node, &(NodeEvent) { .type = NODE_EVENT_LAUNCH_FAILED, .text = "no" }, now, &effects);
        for (size_t i = 0; i < effects.n; i++)
                job_free(effects.items[i].job);
        registry_release(registry, node);
}

static void a_node_is_found_by_its_name_and_only_by_it(void** state) {
        static const char* const names[] = { "m", "c", "x", "a", "z", "worker-10", "worker-1", "worker-2" };
        _cleanup_registry_ Registry registry = {};

        assert_null(registry_find(&registry, "m"));
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                Node* node = registry_obtain(&registry, names[i]);

                assert_string_equal(node->name, names[i]);
                assert_ptr_equal(registry_obtain(&registry, names[i]), node);
                assert_ptr_equal(registry_find(&registry, names[i]), node);
                assert_int_equal(registry.n, i + 1);
        }
        assert_null(registry_find(&registry, "worker-"));
        assert_null(registry_find(&registry, ""));
        assert_null(registry_find(&registry, "zz"));
}

static void nodes_are_kept_in_the_order_of_their_names(void** state) {
        _cleanup_registry_ Registry registry = {};

        /* a permutation of 0 … 96, far from sorted */
        for (unsigned i = 0; i < 97; i++) {
                _cleanup_free_ char* name = xasprintf("n%02u", i * 37 % 97);

                (void) registry_obtain(&registry, name);
        }
        assert_int_equal(registry.n, 97);
        for (size_t i = 1; i < registry.n; i++)
                assert_true(strcmp(registry.nodes[i - 1]->name, registry.nodes[i]->name) < 0);

        for (unsigned i = 0; i < 97; i += 2) {
                _cleanup_free_ char* name = xasprintf("n%02u", i * 53 % 97);

                registry_release(&registry, registry_find(&registry, name));
                assert_null(registry_find(&registry, name));
        }
        assert_int_equal(registry.n, 48);
        for (size_t i = 1; i < registry.n; i++)
                assert_true(strcmp(registry.nodes[i - 1]->name, registry.nodes[i]->name) < 0);
}

static void only_a_node_that_nobody_would_miss_is_released(void** state) {
        _cleanup_registry_ Registry registry = {};
        Node *exists = create(&registry, spec_with("ant", ROLE_STANDALONE)), *unused = registry_obtain(&registry, "bee");

        registry_release(&registry, exists);
        assert_ptr_equal(registry_find(&registry, "ant"), exists);
        registry_release(&registry, unused);
        assert_null(registry_find(&registry, "bee"));
        vanish(&registry, exists);
        assert_null(registry_find(&registry, "ant"));
        assert_int_equal(registry.n, 0);
}

static void only_nodes_that_exist_are_counted_and_visited(void** state) {
        _cleanup_registry_ Registry registry = {};
        unsigned n = 0;

        (void) registry_obtain(&registry, "a");
        (void) create(&registry, spec_with("b", ROLE_STANDALONE));
        (void) registry_obtain(&registry, "c");
        (void) create(&registry, spec_with("d", ROLE_STANDALONE));
        (void) registry_obtain(&registry, "e");

        assert_int_equal(registry_count(&registry), 2);
        REGISTRY_FOREACH(node, &registry)
                assert_string_equal(node->name, n++ == 0 ? "b" : "d");
        assert_int_equal(n, 2);
}

static void a_visit_can_be_ended_early(void** state) {
        _cleanup_registry_ Registry registry = {};
        unsigned n = 0;

        (void) create(&registry, spec_with("a", ROLE_STANDALONE));
        (void) create(&registry, spec_with("b", ROLE_STANDALONE));
        REGISTRY_FOREACH(node, &registry) {
                n++;
                break;
        }
        assert_int_equal(n, 1);
}

static void visits_can_be_nested_and_nodes_come_meanwhile(void** state) {
        _cleanup_registry_ Registry registry = {};
        unsigned n = 0, n_inner = 0;

        (void) create(&registry, spec_with("b", ROLE_STANDALONE));
        REGISTRY_FOREACH(node, &registry) {
                REGISTRY_FOREACH(inner, &registry)
                        n_inner++;
                if (n++ == 0)
                        for (char name[] = "a"; name[0] <= 'p'; name[0]++)
                                if (!registry_find(&registry, name))
                                        (void) create(&registry, spec_with(name, ROLE_STANDALONE));
        }
        /* "b", and those that came behind it */
        assert_int_equal(n, 15);
        assert_int_equal(n_inner, 1 + 14 * 16);
}

static void an_empty_registry_has_nothing_to_visit(void** state) {
        _cleanup_registry_ Registry registry = {};

        REGISTRY_FOREACH(node, &registry)
                fail();
        assert_int_equal(registry_count(&registry), 0);
}

static void the_registry_is_full_at_its_limit(void** state) {
        _cleanup_registry_ Registry registry = { .nodes_max = 2 };

        assert_false(registry_is_full(&registry));
        (void) registry_obtain(&registry, "a");
        assert_false(registry_is_full(&registry));
        /* a name with nothing but a queue is about to be a node */
        Node* b = registry_obtain(&registry, "b");
        assert_true(registry_is_full(&registry));
        registry_release(&registry, b);
        assert_false(registry_is_full(&registry));
}

static void equal_cluster_tables_are_held_once(void** state) {
        _cleanup_registry_ Registry registry = {};
        _cleanup_node_spec_ NodeSpec *same = spec_with("ant", ROLE_WORKER), *other = spec_with("bee", ROLE_WORKER);
        _cleanup_node_spec_ NodeSpec* alone = spec_with("cat", ROLE_STANDALONE);
        ClusterTable *own = other->cluster, *shared;
        Node* node = create(&registry, spec_with("ant", ROLE_WORKER));

        (void) create(&registry, spec_with("dog", ROLE_STANDALONE));
        shared = node->spec->cluster;

        registry_share_cluster(&registry, same);
        assert_ptr_equal(same->cluster, shared);
        assert_int_equal(shared->n_ref, 2);
        registry_share_cluster(&registry, same);
        assert_int_equal(shared->n_ref, 2);

        registry_share_cluster(&registry, other);
        assert_ptr_equal(other->cluster, own);
        registry_share_cluster(&registry, alone);
        assert_null(alone->cluster);

        /* and survives the node that had it first */
        vanish(&registry, node);
        assert_int_equal(shared->n_ref, 1);
        assert_non_null(cluster_table_find(same->cluster, "ant"));
}

static void what_is_left_ends_with_the_registry(void** state) {
        Registry registry = {};

        (void) registry_obtain(&registry, "a");
        (void) create(&registry, spec_with("b", ROLE_WORKER));
        registry_done(&registry);
        assert_int_equal(registry.n, 0);
        assert_null(registry_find(&registry, "a"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_node_is_found_by_its_name_and_only_by_it),
                cmocka_unit_test(nodes_are_kept_in_the_order_of_their_names),
                cmocka_unit_test(only_a_node_that_nobody_would_miss_is_released),
                cmocka_unit_test(only_nodes_that_exist_are_counted_and_visited),
                cmocka_unit_test(a_visit_can_be_ended_early),
                cmocka_unit_test(visits_can_be_nested_and_nodes_come_meanwhile),
                cmocka_unit_test(an_empty_registry_has_nothing_to_visit),
                cmocka_unit_test(the_registry_is_full_at_its_limit),
                cmocka_unit_test(equal_cluster_tables_are_held_once),
                cmocka_unit_test(what_is_left_ends_with_the_registry),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
