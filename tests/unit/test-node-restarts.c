/* SPDX-License-Identifier: BSD-3-Clause */

/* What follows an end that nobody asked for. */

#include "unit/story.h"

/* Ends at once, again and again; gives the waits between a start and the next. */
static void crash_on_and_on(Story* story, const usec_t* waits, size_t n) {
        uint32_t n_before = story->node->n_restarts;

        for (size_t i = 0; i < n; i++) {
                usec_t realtime = story->now.realtime;

                PLAY(story, { 0, EXITED(1), "", "waiting" }, { 0, GONE, "exited, waiting", "waiting" });
                assert_int_equal(story->node->next_restart, realtime + waits[i]);
                PLAY(story,
                     { waits[i] - 1, TIMER, "", "waiting" },
                     { 1, TIMER, "launch", "starting" },
                     { 0, LAUNCHED(2), "announce 2, started", "running" });
                assert_int_equal(story->node->n_restarts, n_before + i + 1);
        }
}

static void until_running_without_delay(Story* story) {
        PLAY(story,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, LAUNCHED(1), "announce 1, started, done: ann", "running" });
}

static void a_node_that_crashes_waits_longer_at_each_third_attempt(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2), SEC(2), SEC(2), SEC(4), SEC(4),
                                        SEC(4), SEC(8), SEC(8), SEC(8), SEC(16), SEC(16), SEC(16) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
}

static void the_wait_has_a_cap(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2), SEC(2), SEC(2), SEC(3), SEC(3), SEC(3), SEC(3) };
        _cleanup_story_ Story story = story_begin();

        story.policy.backoff.delay_max = SEC(3);
        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
}

static void the_wait_counts_from_the_last_start(void** state) {
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        PLAY(&story,
             { MSEC(400), EXITED(1), "", "waiting" },
             { MSEC(30), GONE, "exited, waiting", "waiting" },
             { MSEC(569), TIMER, "", "waiting" },
             { MSEC(1), TIMER, "launch", "starting" });
}

static void a_node_that_lived_longer_than_the_delay_is_started_at_once(void** state) {
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        PLAY(&story, { SEC(5), EXITED(1), "", "waiting" });
        assert_int_equal(story.node->next_restart, story.now.realtime);
        PLAY(&story, { 0, GONE, "exited, launch", "starting" }, { 0, LAUNCHED(2), "announce 2, started", "running" });
        assert_int_equal(story.node->n_restarts, 1);

        /* to the microsecond */
        PLAY(&story, { SEC(1), EXITED(1), "", "waiting" }, { 0, GONE, "exited, launch", "starting" });
}

static void time_spent_on_leftovers_counts(void** state) {
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        PLAY(&story,
             { MSEC(100), EXITED(1), "", "waiting" },
             { MSEC(50), TIMER, "signal scope TERM", "waiting" },
             { MSEC(850), GONE, "exited, launch", "starting" });
}

static void more_than_half_a_minute_of_life_forgets_all_attempts(void** state) {
        static const usec_t before[] = { SEC(1), SEC(1), SEC(1), SEC(2), SEC(2), SEC(2) };
        static const usec_t after[] = { SEC(1), SEC(1), SEC(2), SEC(2), SEC(2), SEC(4) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, before, ELEMENTSOF(before));
        PLAY(&story,
             { SEC(30) + 1, EXITED(1), "", "waiting" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started", "running" });
        assert_int_equal(story.node->backoff.attempts, 1);
        crash_on_and_on(&story, after, ELEMENTSOF(after));
}

static void half_a_minute_of_life_forgets_nothing(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story, { SEC(30), EXITED(1), "", "waiting" }, { 0, GONE, "exited, launch", "starting" });
        assert_int_equal(story.node->backoff.attempts, 5);
}

static void restarts_are_counted_since_creation_or_the_last_restart(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
        assert_int_equal(story.node->n_restarts, 0);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
}

static void restart_of_a_waiting_node_starts_it_at_once_and_begins_the_curve_anew(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2), SEC(2) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story,
             { 0, EXITED(1), "", "waiting" },
             { 0, GONE, "exited, waiting", "waiting" },
             { MSEC(1), RESTART("ann"), "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
}

/* ---- giving up ---- */

static void when_the_attempts_are_used_up_it_has_failed(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1) };
        _cleanup_story_ Story story = story_begin();

        story.policy.backoff.attempts_max = 3;
        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story,
             { 0, EXITED(1), "", "failed" },
             { 0, GONE, "exited, failed", "failed" },
             { SEC(3600), TIMER, "", "failed" });

        /* and a Restart gives it all of them again */
        PLAY(&story,
             { 0, RESTART("ann"), "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        story_crash(&story, "failed", "failed");
}

static void a_long_life_gives_back_the_attempts(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1) };
        _cleanup_story_ Story story = story_begin();

        story.policy.backoff.attempts_max = 2;
        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story, { SEC(31), EXITED(1), "", "waiting" }, { 0, GONE, "exited, launch", "starting" });
        assert_int_equal(story.node->backoff.attempts, 1);
}

static void an_automatic_launch_that_fails_is_an_attempt(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.backoff.attempts_max = 2;
        until_running_without_delay(&story);
        story_crash(&story, "waiting", "waiting");
        PLAY(&story,
             { SEC(1), TIMER, "launch", "starting" },
             { MSEC(200), LAUNCH_FAILED("no"), "not launched (no), waiting", "waiting" },
             { MSEC(799), TIMER, "", "waiting" },
             { MSEC(1), TIMER, "launch", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), failed", "failed" });
        assert_int_equal(story.node->n_restarts, 2);
        /* the end that can be told is still that of the last process there was */
        assert_int_equal(story.node->exit.status, 1);
}

static void a_launch_that_takes_long_to_fail_is_no_life(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.backoff.attempts_max = 2;
        until_running_without_delay(&story);
        story_crash(&story, "waiting", "waiting");
        PLAY(&story,
             { SEC(1), TIMER, "launch", "starting" },
             { SEC(90), LAUNCH_FAILED("slow"), "not launched (slow), launch", "starting" },
             { SEC(90), LAUNCH_FAILED("slow"), "not launched (slow), failed", "failed" });
}

static void a_slow_launch_is_not_part_of_life(void** state) {
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        story_crash(&story, "waiting", "waiting");
        PLAY(&story,
             { SEC(1), TIMER, "launch", "starting" },
             { SEC(31), LAUNCHED(2), "announce 2, started", "running" },
             { 0, EXITED(1), "", "waiting" });
        assert_int_equal(story.node->backoff.attempts, 1);
}

static void an_administrator_who_lowers_the_limit_meanwhile_is_heeded(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1) };
        _cleanup_story_ Story story = story_begin();

        until_running_without_delay(&story);
        crash_on_and_on(&story, waits, ELEMENTSOF(waits));
        PLAY(&story, { 0, EXITED(1), "", "waiting" });
        story.node->policy.backoff.attempts_max = 1;
        PLAY(&story, { MSEC(1), GONE, "exited, failed", "failed" });
}

/* ---- policies ---- */

typedef struct End {
        Happening what;
        bool clean;
} End;

static const End ends[] = {
        { EXITED(0), true },
        { EXITED(1), false },
        { EXITED(255), false },
        { KILLED(SIGHUP), true },
        { KILLED(SIGINT), true },
        { KILLED(SIGTERM), true },
        { KILLED(SIGPIPE), true },
        { KILLED(SIGKILL), false },
        { KILLED(SIGSEGV), false },
        { ENDED_UNSEEN, false },
};

/* Where a node of this policy stands after an end. */
static const char* state_after(const NodePolicy* policy, const End* end) {
        _cleanup_story_ Story story = story_begin();

        story.policy = *policy;
        until_running_without_delay(&story);
        free(story_happen(&story, &end->what));
        return story_state(&story);
}

static void each_policy_knows_which_ends_to_follow_with_a_start(void** state) {
        _cleanup_story_ Story defaults = story_begin();
        NodePolicy policy = defaults.policy;

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                policy.restart = RESTART_ALWAYS;
                assert_string_equal(state_after(&policy, &ends[i]), "waiting");
                policy.restart = RESTART_ON_FAILURE;
                assert_string_equal(state_after(&policy, &ends[i]), ends[i].clean ? "finished" : "waiting");
                policy.restart = RESTART_NEVER;
                assert_string_equal(state_after(&policy, &ends[i]), "finished");
        }
}

static void a_prevented_exit_status_fails_the_node_under_every_policy(void** state) {
        static const End prevented = { EXITED(78), false };
        static const End prevented_signal = { KILLED(SIGTERM), true };
        static const End other = { EXITED(79), false };
        /* status 15 is not signal 15 */
        static const End lookalike = { EXITED(SIGTERM), false };
        _cleanup_story_ Story defaults = story_begin();
        NodePolicy policy = defaults.policy;

        exit_reason_set_add_status(&policy.prevent_restart, 78);
        exit_reason_set_add_signal(&policy.prevent_restart, SIGTERM);
        for (policy.restart = 0; policy.restart < _RESTART_POLICY_MAX; policy.restart++) {
                assert_string_equal(state_after(&policy, &prevented), "failed");
                assert_string_equal(state_after(&policy, &prevented_signal), "failed");
                assert_string_not_equal(state_after(&policy, &other), "failed");
                assert_string_not_equal(state_after(&policy, &lookalike), "failed");
        }
}

static void a_finished_node_stays_so_until_restart(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.restart = RESTART_ON_FAILURE;
        until_running_without_delay(&story);
        PLAY(&story,
             { SEC(5), EXITED(0), "", "finished" },
             { 0, GONE, "exited, finished", "finished" },
             { SEC(3600), TIMER, "", "finished" },
             { 0, RESTART("ann"), "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
}

static void an_end_that_was_asked_for_is_no_matter_of_policy(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.restart = RESTART_NEVER;
        exit_reason_set_add_status(&story.policy.prevent_restart, 3);
        until_running_without_delay(&story);
        PLAY(&story,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(3), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
}

static void what_is_never_to_restart_does_not_after_a_restart_that_failed(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.restart = RESTART_NEVER;
        until_running_without_delay(&story);
        PLAY(&story,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), failed, launch failed: ann (no)", "failed" });
}

static void a_launch_that_fails_is_a_failure_whatever_the_end_before_it(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.restart = RESTART_ON_FAILURE;
        until_running_without_delay(&story);
        PLAY(&story,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), waiting, launch failed: ann (no)", "waiting" },
             { SEC(1), TIMER, "launch", "starting" });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_node_that_crashes_waits_longer_at_each_third_attempt),
                cmocka_unit_test(the_wait_has_a_cap),
                cmocka_unit_test(the_wait_counts_from_the_last_start),
                cmocka_unit_test(a_node_that_lived_longer_than_the_delay_is_started_at_once),
                cmocka_unit_test(time_spent_on_leftovers_counts),
                cmocka_unit_test(more_than_half_a_minute_of_life_forgets_all_attempts),
                cmocka_unit_test(half_a_minute_of_life_forgets_nothing),
                cmocka_unit_test(restarts_are_counted_since_creation_or_the_last_restart),
                cmocka_unit_test(restart_of_a_waiting_node_starts_it_at_once_and_begins_the_curve_anew),
                cmocka_unit_test(when_the_attempts_are_used_up_it_has_failed),
                cmocka_unit_test(a_long_life_gives_back_the_attempts),
                cmocka_unit_test(an_automatic_launch_that_fails_is_an_attempt),
                cmocka_unit_test(a_launch_that_takes_long_to_fail_is_no_life),
                cmocka_unit_test(a_slow_launch_is_not_part_of_life),
                cmocka_unit_test(an_administrator_who_lowers_the_limit_meanwhile_is_heeded),
                cmocka_unit_test(each_policy_knows_which_ends_to_follow_with_a_start),
                cmocka_unit_test(a_prevented_exit_status_fails_the_node_under_every_policy),
                cmocka_unit_test(a_finished_node_stays_so_until_restart),
                cmocka_unit_test(an_end_that_was_asked_for_is_no_matter_of_policy),
                cmocka_unit_test(what_is_never_to_restart_does_not_after_a_restart_that_failed),
                cmocka_unit_test(a_launch_that_fails_is_a_failure_whatever_the_end_before_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
