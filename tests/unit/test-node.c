/* SPDX-License-Identifier: BSD-3-Clause */

/* Jobs: what clients ask of a node, and the turns they take. How it comes back after an end is in
 * test-node-restarts.c, how it is brought to one in test-node-stops.c. */

#include "core/prospect.h"
#include "unit/story.h"

#define NO_PROGRAM "run zeek: No such file or directory"

static void create_is_done_when_the_program_runs(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story, { 0, CREATE("ann"), "added, launch", "starting" });
        assert_int_equal(story.node->pid, 0);
        assert_false(story.node->ready);
        assert_true(node_has_processes(story.node));

        PLAY(&story, { MSEC(20), LAUNCHED(7), "announce 7, started, done: ann", "running" });
        assert_int_equal(story.node->pid, 7);
        assert_true(story.node->ready);
        assert_int_equal(story.node->n_restarts, 0);
        assert_int_equal(story.node->started.realtime, story.now.realtime);
        assert_int_equal(story.node->state_since.realtime, story.now.realtime);
        assert_false(story.node->has_exited);
}

static void it_is_ready_when_that_is_said_and_until_it_is_stopped(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story, { 0, CREATE("ann"), "added, launch", "starting" }, { 0, READY, "", "starting" });
        assert_false(story.node->ready);
        PLAY(&story, { MSEC(20), LAUNCHED_NOT_READY(7), "announce 7, started, done: ann", "running" });
        assert_false(story.node->ready);
        PLAY(&story, { SEC(1), READY, "", "running" });
        assert_true(story.node->ready);
        PLAY(&story, { SEC(1), RESTART("bob"), "terminate", "stopping" });
        assert_false(story.node->ready);
        PLAY(&story, { 0, READY, "", "stopping" });
        assert_false(story.node->ready);
}

static void a_create_that_fails_leaves_nothing(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, LAUNCH_FAILED(NO_PROGRAM),
               "not launched (" NO_PROGRAM "), forget, launch failed: ann (" NO_PROGRAM ")", "-" });
        assert_true(node_is_unused(story.node));
        assert_false(node_has_processes(story.node));

        /* and is in nobody's way */
        PLAY(&story,
             { SEC(1), TIMER, "", "-" },
             { 0, CREATE("bob"), "added, launch", "starting" },
             { 0, LAUNCHED(8), "announce 8, started, done: bob", "running" });
}

static void a_node_that_exists_cannot_be_created(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, CREATE("ann"), "exists: ann", "running" },
             { 0, EXITED(1), "", "waiting" },
             { 0, CREATE("ann"), "exists: ann", "waiting" },
             { 0, GONE, "exited, waiting", "waiting" },
             { 0, CREATE("ann"), "exists: ann", "waiting" },
             { SEC(1), TIMER, "launch", "starting" },
             { 0, CREATE("ann"), "", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, exists: ann", "running" });
}

static void a_second_create_waits_for_what_becomes_of_the_first(void** state) {
        _cleanup_story_ Story good = story_begin(), bad = story_begin();

        PLAY(&good,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, CREATE("bob"), "", "starting" },
             { 0, LAUNCHED(7), "announce 7, started, done: ann, exists: bob", "running" });
        PLAY(&bad,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, CREATE("bob"), "", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), forget, launch failed: ann (no), added, launch", "starting" },
             { 0, LAUNCHED(8), "announce 8, started, done: bob", "running" });
}

static void what_does_not_exist_can_be_neither_destroyed_nor_restarted(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story,
             { 0, DESTROY("ann"), "no such node: ann", "-" },
             { 0, RESTART("bob"), "no such node: bob", "-" });
        assert_true(node_is_unused(story.node));
}

static void destroy_is_done_when_the_scope_is_gone(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(2), EXITED(0), "", "stopping" },
             { MSEC(1), GONE, "exited, destroyed 1, forget, done: ann", "-" });
        assert_true(node_is_unused(story.node));
}

static void restart_is_done_when_the_new_program_runs(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), RESTART("ann"), "terminate", "stopping" },
             { SEC(2), EXITED(0), "", "stopping" },
             { MSEC(1), GONE, "exited, launch", "starting" });
        assert_int_equal(story.node->pid, 1);
        assert_int_equal(story.node->exit.code, CLD_EXITED);

        PLAY(&story, { MSEC(9), LAUNCHED(2), "announce 2, started, done: ann", "running" });
        assert_int_equal(story.node->pid, 2);
        assert_int_equal(story.node->n_restarts, 0);
        assert_true(story.node->has_exited);
}

static void a_restart_that_fails_says_so_and_the_node_waits_for_another_attempt(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { MSEC(300), LAUNCH_FAILED("no"), "not launched (no), waiting, launch failed: ann (no)", "waiting" },
             { MSEC(699), TIMER, "", "waiting" },
             { MSEC(1), TIMER, "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started", "running" });
        assert_int_equal(story.node->n_restarts, 1);
}

static void jobs_take_their_turns_in_order(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), RESTART("ann"), "terminate", "stopping" },
             { 0, RESTART("bob"), "", "stopping" },
             { 0, DESTROY("cid"), "", "stopping" },
             { 0, RESTART("dan"), "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(3), "announce 3, started, done: bob, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 3, forget, done: cid, no such node: dan", "-" });
        assert_true(node_is_unused(story.node));
}

static void a_create_behind_a_destroy_waits_and_is_done(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { 0, CREATE("bob"), "", "stopping" },
             { 0, CREATE("cid"), "", "stopping" },
             { SEC(1), EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann, added, launch", "starting" });

        /* a new node: nothing of the old one clings to it */
        assert_int_equal(story.node->pid, 0);
        assert_int_equal(story.node->started.realtime, 0);
        assert_int_equal(story.node->exit.code, 0);
        assert_int_equal(story.node->state_since.realtime, story.now.realtime);
        assert_false(story.node->has_exited);

        PLAY(&story, { 0, LAUNCHED(2), "announce 2, started, done: bob, exists: cid", "running" });
}

static void a_create_behind_a_destroy_may_fail_for_itself(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { 0, CREATE("bob"), "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann, added, launch", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), forget, launch failed: bob (no)", "-" });
}

static void a_launch_is_not_interrupted_by_jobs(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, DESTROY("bob"), "", "starting" },
             { 0, LAUNCHED(7), "announce 7, started, done: ann, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 7, forget, done: bob", "-" });
}

static void an_automatic_launch_is_not_interrupted_by_jobs(void** state) {
        _cleanup_story_ Story good = story_begin(), bad = story_begin();

        story_until_running(&good);
        story_crash(&good, "waiting", "waiting");
        PLAY(&good,
             { SEC(1), TIMER, "launch", "starting" },
             { 0, RESTART("ann"), "", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(3), "announce 3, started, done: ann", "running" });

        story_until_running(&bad);
        story_crash(&bad, "waiting", "waiting");
        PLAY(&bad,
             { SEC(1), TIMER, "launch", "starting" },
             { 0, DESTROY("ann"), "", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), waiting, destroyed 1, forget, done: ann", "-" });
}

/* The four ways of being at rest. */
static void bring_to_rest(Story* story, NodeState rest) {
        if (rest == NODE_FAILED)
                exit_reason_set_add_status(&story->policy.prevent_restart, 1);
        if (rest == NODE_FINISHED)
                story->policy.restart = RESTART_NEVER;

        story_until_running(story);
        if (rest == NODE_STOPPED)
                PLAY(story,
                     { 0, STOP_REQUEST, "terminate", "stopping" },
                     { 0, EXITED(0), "", "stopping" },
                     { 0, GONE, "exited, stopped", "stopped" });
        else
                story_crash(story, node_state_to_string(rest), node_state_to_string(rest));
}

static const NodeState rests[] = { NODE_WAITING, NODE_FAILED, NODE_FINISHED, NODE_STOPPED };

static void a_node_at_rest_is_destroyed_at_once(void** state) {
        for (size_t i = 0; i < ELEMENTSOF(rests); i++) {
                _cleanup_story_ Story story = story_begin();

                bring_to_rest(&story, rests[i]);
                assert_false(node_has_processes(story.node));
                PLAY(&story, { MSEC(1), DESTROY("ann"), "destroyed 1, forget, done: ann", "-" }, { SEC(9), TIMER, "", "-" });
        }
}

static void a_node_at_rest_is_restarted_at_once(void** state) {
        for (size_t i = 0; i < ELEMENTSOF(rests); i++) {
                _cleanup_story_ Story story = story_begin();

                bring_to_rest(&story, rests[i]);
                PLAY(&story,
                     { MSEC(1), RESTART("ann"), "launch", "starting" },
                     { MSEC(1), LAUNCHED(2), "announce 2, started, done: ann", "running" });
                assert_int_equal(story.node->n_restarts, 0);
        }
}

static void a_node_that_ended_and_still_empties_its_scope_can_be_given_another_fate(void** state) {
        _cleanup_story_ Story restarted = story_begin(), destroyed = story_begin();

        story_until_running(&restarted);
        PLAY(&restarted,
             { 0, EXITED(1), "", "waiting" },
             { 0, RESTART("ann"), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });

        story_until_running(&destroyed);
        PLAY(&destroyed,
             { 0, EXITED(1), "", "waiting" },
             { 0, DESTROY("ann"), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann", "-" });
}

static void a_node_will_exist_unless_its_queue_ends_in_destroy(void** state) {
        _cleanup_story_ Story story = story_begin();

        assert_false(node_prospect(story.node).exists);
        PLAY(&story, { 0, CREATE("ann"), "added, launch", "starting" });
        assert_true(node_prospect(story.node).exists);
        PLAY(&story, { 0, DESTROY("bob"), "", "starting" });
        assert_false(node_prospect(story.node).exists);
        PLAY(&story, { 0, RESTART("cid"), "", "starting" });
        assert_false(node_prospect(story.node).exists);
        PLAY(&story, { 0, CREATE("dan"), "", "starting" });
        assert_true(node_prospect(story.node).exists);

        PLAY(&story, { 0, LAUNCHED(1), "announce 1, started, done: ann, terminate", "stopping" });
        assert_true(node_prospect(story.node).exists);
        PLAY(&story,
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: bob, no such node: cid, added, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: dan", "running" },
             { 0, DESTROY("eve"), "terminate", "stopping" });
        assert_false(node_prospect(story.node).exists);
}

static void a_destroy_goes_on_in_the_next_daemon_before_anything_else(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story, { 0, DESTROY("ann"), "terminate", "stopping" });
        story.node->job = job_free(story.node->job);
        assert_false(node_prospect(story.node).exists);
        PLAY(&story,
             { 0, RESTART("bob"), "", "stopping" },
             { 0, CREATE("cid"), "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, no such node: bob, added, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: cid", "running" },
             { 0, DESTROY("dan"), "terminate", "stopping" });
        story.node->job = job_free(story.node->job);
        PLAY(&story,
             { 0, DESTROY("eve"), "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 2, forget, done: eve", "-" });
}

static void a_node_that_is_freed_takes_its_jobs_with_it(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, DESTROY("bob"), "", "starting" },
             { 0, CREATE("cid"), "", "starting" });
        /* a leak would be seen under ASan and valgrind */
}

static void the_state_is_as_old_as_its_last_change(void** state) {
        _cleanup_story_ Story story = story_begin();
        usec_t stopping;

        story_until_running(&story);
        PLAY(&story, { SEC(9), RESTART("ann"), "terminate", "stopping" });
        stopping = story.now.realtime;
        PLAY(&story, { SEC(60), TIMER, "killed, signal scope KILL", "stopping" }, { SEC(1), KILLED(9), "", "stopping" });
        assert_int_equal(story.node->state_since.realtime, stopping);

        PLAY(&story, { SEC(1), GONE, "exited, launch", "starting" });
        assert_int_equal(story.node->state_since.realtime, story.now.realtime);
        assert_int_equal(story.node->state_since.boottime, story.now.boottime);
}

/* ---- echoes ---- */

typedef void (*prologue_t)(Story* story);

static void until_void(Story* story) {
}

static void until_launching(Story* story) {
        PLAY(story, { 0, CREATE("ann"), "added, launch", "starting" });
}

static void until_terminating(Story* story) {
        story_until_running(story);
        PLAY(story, { 0, RESTART("ann"), "terminate", "stopping" });
}

/* The scope ends for want of memory also when the main process had ended before, and only a child of it was left. */
static void that_memory_ran_out_is_the_reason_of_an_end_by_SIGKILL_only(void** state) {
        static const struct {
                ExitReason exit;
                bool scope_ran_out, is_the_reason;
        } cases[] = {
                { { CLD_KILLED, SIGKILL }, true, true }, { { CLD_KILLED, SIGKILL }, false, false },
                { { 0, 0 }, true, true },                { { CLD_EXITED, 0 }, true, false },
                { { CLD_KILLED, SIGTERM }, true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_story_ Story story = story_begin();

                story_until_running(&story);
                PLAY(&story,
                     { SEC(60), { .event = { .type = NODE_EVENT_EXITED, .exit = cases[i].exit } }, "", "waiting" },
                     { 0, { .event = { .type = NODE_EVENT_GONE, .out_of_memory = cases[i].scope_ran_out } },
                       "exited, launch", "starting" });
                assert_int_equal(story.node->exit.out_of_memory, cases[i].is_the_reason);
        }
}

static void until_killing(Story* story) {
        until_terminating(story);
        PLAY(story, { SEC(60), TIMER, "killed, signal scope KILL", "stopping" });
}

static void until_sweeping(Story* story) {
        story_until_running(story);
        PLAY(story, { 0, EXITED(1), "", "waiting" });
}

static void until_waiting(Story* story) {
        until_sweeping(story);
        PLAY(story, { 0, GONE, "exited, waiting", "waiting" });
}

static void until_stopped(Story* story) {
        bring_to_rest(story, NODE_STOPPED);
}

#define LATE(type) (1U << NODE_EVENT_##type)

static void echoes_of_what_is_over_change_nothing(void** state) {
        static const struct {
                prologue_t prologue;
                NodePhase phase;
                unsigned echoes;
        } cases[] = {
                { until_void, PHASE_VOID,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(EXITED) | LATE(GONE) | LATE(TIMER) | LATE(STOP_REQUEST) },
                { until_launching, PHASE_LAUNCHING, LATE(EXITED) | LATE(GONE) | LATE(TIMER) },
                { story_until_running, PHASE_RUNNING,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(GONE) | LATE(TIMER) },
                { until_terminating, PHASE_TERMINATING,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(GONE) | LATE(STOP_REQUEST) },
                { until_killing, PHASE_KILLING,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(GONE) | LATE(STOP_REQUEST) },
                { until_sweeping, PHASE_SWEEPING, LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(EXITED) },
                { until_waiting, PHASE_AT_REST,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(EXITED) | LATE(GONE) | LATE(STOP_REQUEST) },
                { until_stopped, PHASE_AT_REST,
                  LATE(LAUNCHED) | LATE(LAUNCH_FAILED) | LATE(EXITED) | LATE(GONE) | LATE(TIMER) | LATE(STOP_REQUEST) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (NodeEventType type = 0; type < _NODE_EVENT_TYPE_MAX; type++) {
                        _cleanup_story_ Story story = story_begin();
                        _cleanup_effects_ Effects effects = {};
                        NodeEvent echo = { .type = type, .pid = 99, .exit = { CLD_KILLED, SIGSEGV }, .text = "echo" };
                        Node before;

                        cases[i].prologue(&story);
                        assert_int_equal(story.node->phase, cases[i].phase);
                        if (!(cases[i].echoes & 1U << type))
                                continue;

                        before = *story.node;
                        node_dispatch(story.node, &echo, story.now, &effects);
                        assert_int_equal(effects.n, 0);
                        assert_memory_equal(&before, story.node, sizeof before);
                }
}

static void states_and_their_words_agree(void** state) {
        static const char* const words[] = { "starting", "running", "stopping", "waiting", "failed", "finished", "stopped" };

        assert_int_equal(ELEMENTSOF(words), _NODE_STATE_MAX);
        for (NodeState i = 0; i < _NODE_STATE_MAX; i++) {
                assert_string_equal(node_state_to_string(i), words[i]);
                assert_int_equal(node_state_from_string(words[i]), i);
        }
        assert_null(node_state_to_string(_NODE_STATE_INVALID));
        assert_null(node_state_to_string(_NODE_STATE_MAX));
        assert_int_equal(node_state_from_string("Running"), _NODE_STATE_INVALID);
}

static void a_node_and_its_scope_have_one_name(void** state) {
        _cleanup_story_ Story story = story_begin();

        assert_string_equal(story.node->name, "ant");
        assert_string_equal(story.node->scope, "zeek-node-ant.scope");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(create_is_done_when_the_program_runs),
                cmocka_unit_test(it_is_ready_when_that_is_said_and_until_it_is_stopped),
                cmocka_unit_test(a_create_that_fails_leaves_nothing),
                cmocka_unit_test(a_node_that_exists_cannot_be_created),
                cmocka_unit_test(a_second_create_waits_for_what_becomes_of_the_first),
                cmocka_unit_test(what_does_not_exist_can_be_neither_destroyed_nor_restarted),
                cmocka_unit_test(destroy_is_done_when_the_scope_is_gone),
                cmocka_unit_test(restart_is_done_when_the_new_program_runs),
                cmocka_unit_test(a_restart_that_fails_says_so_and_the_node_waits_for_another_attempt),
                cmocka_unit_test(jobs_take_their_turns_in_order),
                cmocka_unit_test(a_create_behind_a_destroy_waits_and_is_done),
                cmocka_unit_test(a_create_behind_a_destroy_may_fail_for_itself),
                cmocka_unit_test(a_launch_is_not_interrupted_by_jobs),
                cmocka_unit_test(an_automatic_launch_is_not_interrupted_by_jobs),
                cmocka_unit_test(a_node_at_rest_is_destroyed_at_once),
                cmocka_unit_test(a_node_at_rest_is_restarted_at_once),
                cmocka_unit_test(a_node_that_ended_and_still_empties_its_scope_can_be_given_another_fate),
                cmocka_unit_test(a_node_will_exist_unless_its_queue_ends_in_destroy),
                cmocka_unit_test(a_destroy_goes_on_in_the_next_daemon_before_anything_else),
                cmocka_unit_test(a_node_that_is_freed_takes_its_jobs_with_it),
                cmocka_unit_test(the_state_is_as_old_as_its_last_change),
                cmocka_unit_test(that_memory_ran_out_is_the_reason_of_an_end_by_SIGKILL_only),
                cmocka_unit_test(echoes_of_what_is_over_change_nothing),
                cmocka_unit_test(states_and_their_words_agree),
                cmocka_unit_test(a_node_and_its_scope_have_one_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
