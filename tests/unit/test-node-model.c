/* SPDX-License-Identifier: BSD-3-Clause */

/* Several nodes in a registry and the world of world.h around them. After each step everything that must hold of nodes
 * at all times is checked against what the world knows.
 *
 * SEED=number adds a run, TRACE=1 shows every step. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/world.h"
#include "util/parse.h"

#define N_STEPS 20000

/* ---- what must hold ---- */

static void check_phase(const Body* b, const Node* node) {
        const bool fits[_PHASE_MAX] = {
                /* void is a node only while it has jobs, and they would have begun */
                [PHASE_VOID] = false,
                [PHASE_LAUNCHING] = b->ordered && !b->scope,
                [PHASE_RUNNING] = b->scope && !b->told_exit && b->n_terms == 0,
                [PHASE_TERMINATING] = b->scope && !b->told_exit && b->n_terms == 1 && !b->killed,
                [PHASE_KILLING] = b->scope && !b->told_exit && b->n_terms == 1 && b->killed,
                [PHASE_SWEEPING] = b->scope && b->told_exit && b->swept == node->swept,
                [PHASE_AT_REST] = !b->ordered && !b->scope,
        };

        seen.phases[node->phase]++;
        assert_true(fits[node->phase]);
        assert_int_equal(node_has_processes(node), b->ordered || b->scope);
}

static void check_public_state(const Body* b, const Node* node) {
        bool runs = b->scope && !b->told_exit, is_down = !b->ordered && !b->scope;
        const bool fits[_NODE_STATE_MAX] = {
                [NODE_STARTING] = b->ordered,
                [NODE_RUNNING] = runs && b->n_terms == 0,
                [NODE_STOPPING] = b->scope && (b->told_exit || b->n_terms == 1),
                [NODE_WAITING] = (is_down || b->told_exit) && b->may_start_again && !b->stop_asked,
                [NODE_FAILED] = is_down || b->told_exit,
                [NODE_FINISHED] = is_down || b->told_exit,
                [NODE_STOPPED] = is_down && b->stop_asked,
        };
        NodeState state = node_state(node);

        seen.states[state]++;
        assert_true(fits[state]);
        assert_int_equal(node->ready, state == NODE_RUNNING && b->told_ready);
        assert_int_equal(node->next_restart != 0, state == NODE_WAITING);
        assert_int_equal(node->n_restarts, b->n_restarts);
}

static void check_deadline(const Body* b, const Node* node) {
        bool waits = (node->phase == PHASE_TERMINATING && b->stop_timeout != USEC_INFINITY) ||
                     node->phase == PHASE_KILLING ||
                     (node->phase == PHASE_SWEEPING && !(b->swept && b->sweep_timeout == USEC_INFINITY)) ||
                     (node->phase == PHASE_AT_REST && node_state(node) == NODE_WAITING);

        assert_int_equal(node->deadline != USEC_INFINITY, waits);
}

static void check_jobs(const Body* b, const Node* node) {
        const Job* job;
        size_t n = 0;

        if (node->job)
                assert_ptr_equal(node->job->userdata, b->calls[n++]);
        else
                assert_true(TAILQ_EMPTY(&node->jobs) || node->phase == PHASE_LAUNCHING);
        TAILQ_FOREACH(job, &node->jobs, queue)
                assert_ptr_equal(job->userdata, b->calls[n++]);
        assert_int_equal(n, b->n_calls);
}

static void check(const World* w) {
        size_t n = 0;

        for (size_t i = 0; i < N_NAMES; i++) {
                const Body* b = &w->bodies[i];
                const Node* node = node_of(w, b);

                /* NodeStatus and the journal tell of each start once, and of each end */
                assert_int_equal(b->n_announced, b->n_launched);
                assert_int_equal(b->n_milestones[MILESTONE_STARTED], b->n_launched);
                assert_int_equal(b->n_milestones[MILESTONE_EXITED], b->n_gone);
                assert_int_equal(b->added, node != NULL);

                if (!node) {
                        assert_false(b->ordered || b->scope || b->exists);
                        assert_int_equal(b->n_calls, 0);
                        continue;
                }
                check_phase(b, node);
                check_public_state(b, node);
                check_deadline(b, node);
                check_jobs(b, node);
                n++;
        }
        assert_int_equal(w->registry.n, n);
        assert_int_equal(registry_count(&w->registry), n);
}

/* ---- runs ---- */

static bool everything_is_over(const World* w) {
        for (size_t i = 0; i < N_NAMES; i++)
                if (node_of(w, &w->bodies[i]))
                        return false;
        return true;
}

static void run(uint64_t seed) {
        World w = { .random = seed, .now = { .realtime = UINT64_C(1700000000) * USEC_PER_SEC, .boottime = USEC_PER_HOUR } };
        unsigned n_steps = 0;

        print_message("seed %" PRIu64 "\n", seed);
        for (size_t i = 0; i < N_NAMES; i++)
                (void) snprintf(w.bodies[i].name, sizeof w.bodies[i].name, "node-%zu", i);

        for (unsigned i = 0; i < N_STEPS; i++) {
                something_happens(&w, false);
                check(&w);
        }

        for (size_t i = 0; i < N_NAMES; i++)
                if (node_of(&w, &w.bodies[i]) && can_ask(&w, &w.bodies[i]))
                        ask(&w, &w.bodies[i], JOB_DESTROY);
        while (!everything_is_over(&w)) {
                something_happens(&w, true);
                check(&w);
                assert_true(++n_steps < N_STEPS);
                for (size_t i = 0; i < N_NAMES; i++)
                        if (node_of(&w, &w.bodies[i]) && w.bodies[i].n_calls == 0)
                                ask(&w, &w.bodies[i], JOB_DESTROY);
        }

        assert_int_equal(w.registry.n, 0);
        registry_done(&w.registry);
}

static void what_must_hold_holds_in_every_run(void** state) {
        static const uint64_t seeds[] = { 1, 2, 3, 42, 1995, UINT64_MAX };
        const char* own = getenv("SEED");
        uint64_t seed;

        trace = getenv("TRACE") != NULL;
        for (size_t i = 0; i < ELEMENTSOF(seeds); i++)
                run(seeds[i]);
        if (own) {
                assert_int_equal(parse_u64(own, &seed), 0);
                run(seed);
        }
}

static void the_runs_have_been_everywhere(void** state) {
        static const bool can_result[_JOB_TYPE_MAX][_JOB_RESULT_MAX] = {
                [JOB_CREATE] = { [JOB_DONE] = true, [JOB_NODE_EXISTS] = true, [JOB_LAUNCH_FAILED] = true },
                [JOB_RESTART] = { [JOB_DONE] = true, [JOB_NO_SUCH_NODE] = true, [JOB_LAUNCH_FAILED] = true },
                [JOB_DESTROY] = { [JOB_DONE] = true, [JOB_NO_SUCH_NODE] = true },
        };

        for (NodeState i = 0; i < _NODE_STATE_MAX; i++)
                assert_true(seen.states[i] > 100);
        for (NodePhase i = PHASE_VOID + 1; i < _PHASE_MAX; i++)
                assert_true(seen.phases[i] > 100);
        for (NodeMilestone i = 0; i < _MILESTONE_MAX; i++)
                assert_true(seen.milestones[i] > 10);
        for (JobType i = 0; i < _JOB_TYPE_MAX; i++)
                for (JobResult k = 0; k < _JOB_RESULT_MAX; k++)
                        assert_int_equal(seen.results[i][k] > 10, can_result[i][k]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_must_hold_holds_in_every_run),
                cmocka_unit_test(the_runs_have_been_everywhere),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
