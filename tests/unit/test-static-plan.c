/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "core/prospect.h"
#include "core/static-plan.h"
#include "unit/specs.h"
#include "util/strv.h"

#define _cleanup_registry_ _cleanup_(registry_done)

static const Instant now = { .realtime = 1, .boottime = 1 };
static const NodePolicy policy = { .backoff = { .delay = 1 * USEC_PER_SEC, .delay_max = USEC_INFINITY } };

static Job* job_of(JobType type, NodeSpec* spec, NodeOrigin origin) {
        Job* job = job_new(type, NULL);

        job->spec = spec;
        job->policy = policy;
        job->origin = origin;
        return job;
}

static void advance(Node* node) {
        _cleanup_effects_ Effects effects = {};

        while (node_advance(node, now, &effects))
                ;
        for (size_t i = 0; i < effects.n; i++)
                job_free(effects.items[i].job);
}

static void dispatch(Node* node, NodeEventType type) {
        _cleanup_effects_ Effects effects = {};

        node_dispatch(node, &(NodeEvent) { .type = type, .pid = 7, .exit = { .code = CLD_EXITED } }, now, &effects);
        for (size_t i = 0; i < effects.n; i++)
                job_free(effects.items[i].job);
}

/* A node whose start is under way. */
static Node* create(Registry* registry, NodeSpec* spec, NodeOrigin origin) {
        Node* node = registry_obtain(registry, spec->name);

        node_submit(node, job_of(JOB_CREATE, spec, origin));
        advance(node);
        assert_int_equal(node->phase, PHASE_LAUNCHING);
        return node;
}

/* "name action", one a line, and how many nodes there will be. */
static char* render(const Registry* registry, NodeSpec* const* wanted, size_t n) {
        static const char* const words[_PLAN_ACTION_MAX] = {
                [PLAN_KEEP] = "keep",     [PLAN_CREATE] = "create",       [PLAN_DESTROY] = "destroy", [PLAN_REPLACE] = "replace",
                [PLAN_CHANGE] = "change", [PLAN_TAKE_OVER] = "take over", [PLAN_REFUSE] = "refuse",
        };
        _cleanup_static_plan_ StaticPlan plan = {};
        _cleanup_strv_free_ char** lines = NULL;

        static_plan_make(&plan, registry, wanted, n);
        for (size_t i = 0; i < plan.n; i++) {
                assert_true((plan.items[i].action == PLAN_DESTROY) == !plan.items[i].spec);
                strv_extendf(&lines, "%s %s", plan.items[i].name, words[plan.items[i].action]);
        }
        strv_extendf(&lines, "%zu", plan.n_after);
        return strv_join(lines, ", ");
}

static void expect(const Registry* registry, NodeSpec* const* wanted, size_t n, const char* expected) {
        _cleanup_free_ char* rendered = render(registry, wanted, n);

        assert_string_equal(rendered, expected);
}

static void nodes_are_compared_with_what_is_wanted(void** state) {
        _cleanup_node_spec_ NodeSpec *kept = spec_with("kept", ROLE_WORKER), *new = spec_with("new", ROLE_LOGGER);
        _cleanup_node_spec_ NodeSpec *role = spec_with("role", ROLE_PROXY), *other = spec_with("other", ROLE_WORKER);
        _cleanup_node_spec_ NodeSpec *mine = spec_with("mine", ROLE_WORKER), *way = spec_with("way", ROLE_WORKER);
        NodeSpec* const wanted[] = { new, role, kept, other, mine, way };
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_registry_ Registry registry = {};
        NodeSpec* before = spec_with("other", ROLE_WORKER);

        assert_int_equal(record_set_string(&node_spec_type, &before->record, record_find_field(&node_spec_type, "interface"),
                                           "eth0", &e),
                         0);
        (void) create(&registry, spec_with("kept", ROLE_WORKER), NODE_STATIC);
        (void) create(&registry, spec_with("gone", ROLE_WORKER), NODE_STATIC);
        (void) create(&registry, spec_with("role", ROLE_WORKER), NODE_STATIC);
        (void) create(&registry, before, NODE_STATIC);
        (void) create(&registry, spec_with("mine", ROLE_WORKER), NODE_RUNTIME);
        (void) create(&registry, spec_with("way", ROLE_PROXY), NODE_RUNTIME);
        (void) create(&registry, spec_with("alone", ROLE_STANDALONE), NODE_RUNTIME);

        expect(&registry, wanted, ELEMENTSOF(wanted),
               "gone destroy, new create, role replace, kept keep, other change, mine take over, way refuse, 7");
        expect(&registry, NULL, 0, "gone destroy, kept destroy, other destroy, role destroy, 3");
}

static void what_counts_is_the_end_of_the_queue(void** state) {
        _cleanup_node_spec_ NodeSpec* wanted = spec_with("n", ROLE_WORKER);
        _cleanup_registry_ Registry registry = {};
        Node* node = create(&registry, spec_with("n", ROLE_PROXY), NODE_STATIC);

        expect(&registry, &wanted, 1, "n replace, 1");
        node_submit(node, job_of(JOB_DESTROY, NULL, NODE_RUNTIME));
        expect(&registry, &wanted, 1, "n create, 1");
        expect(&registry, NULL, 0, "0");
        node_submit(node, job_of(JOB_CREATE, spec_with("n", ROLE_WORKER), NODE_STATIC));
        expect(&registry, &wanted, 1, "n keep, 1");
        expect(&registry, NULL, 0, "n destroy, 0");

        /* the destroy has begun */
        dispatch(node, NODE_EVENT_LAUNCHED);
        advance(node);
        assert_int_equal(node->phase, PHASE_TERMINATING);
        expect(&registry, &wanted, 1, "n keep, 1");
}

static void a_change_reaches_what_will_be(void** state) {
        _cleanup_node_spec_ NodeSpec *first = spec_with("n", ROLE_PROXY), *second = spec_with("n", ROLE_LOGGER);
        _cleanup_registry_ Registry registry = {};
        Node* node = create(&registry, spec_with("n", ROLE_WORKER), NODE_RUNTIME);

        node_change(node, first, &policy, NODE_STATIC);
        assert_ptr_equal(node->spec, first);
        assert_int_equal(node->origin, NODE_STATIC);

        node_submit(node, job_of(JOB_DESTROY, NULL, NODE_RUNTIME));
        node_submit(node, job_of(JOB_CREATE, spec_with("n", ROLE_WORKER), NODE_RUNTIME));
        node_change(node, second, &policy, NODE_STATIC);
        assert_ptr_equal(node->spec, first);
        assert_ptr_equal(node_prospect(node).spec, second);
        assert_int_equal(node_prospect(node).origin, NODE_STATIC);
}

static void only_a_runtime_node_is_forgotten_when_its_first_start_fails(void** state) {
        _cleanup_registry_ Registry registry = {};
        Node* mine = create(&registry, spec_with("mine", ROLE_WORKER), NODE_RUNTIME);
        Node* wanted = create(&registry, spec_with("wanted", ROLE_WORKER), NODE_STATIC);

        dispatch(mine, NODE_EVENT_LAUNCH_FAILED);
        dispatch(wanted, NODE_EVENT_LAUNCH_FAILED);
        assert_int_equal(mine->phase, PHASE_VOID);
        assert_int_equal(wanted->phase, PHASE_AT_REST);
        assert_true(node_prospect(wanted).exists);
        assert_false(node_prospect(mine).exists);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nodes_are_compared_with_what_is_wanted),
                cmocka_unit_test(what_counts_is_the_end_of_the_queue),
                cmocka_unit_test(a_change_reaches_what_will_be),
                cmocka_unit_test(only_a_runtime_node_is_forgotten_when_its_first_start_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
