/* SPDX-License-Identifier: BSD-3-Clause */

/* How a node is brought to an end: patience, then force, and what a main process leaves behind. */

#include "unit/story.h"

static void who_does_not_end_in_time_is_killed_with_all_its_scope(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(60) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "killed, signal scope KILL", "stopping" },
             /* in case the request was lost; the story is told once */
             { SEC(10) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "signal scope KILL", "stopping" },
             { SEC(10), TIMER, "signal scope KILL", "stopping" },
             { SEC(1), KILLED(SIGKILL), "", "stopping" },
             { MSEC(1), GONE, "exited, destroyed 1, forget, done: ann", "-" });
}

static void the_stop_timeout_is_that_of_the_policy(void** state) {
        _cleanup_story_ Story patient = story_begin(), impatient = story_begin();

        patient.policy.stop_timeout = USEC_INFINITY;
        story_until_running(&patient);
        PLAY(&patient,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(1000000), TIMER, "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann", "-" });

        impatient.policy.stop_timeout = 0;
        story_until_running(&impatient);
        PLAY(&impatient,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { 0, TIMER, "killed, signal scope KILL", "stopping" });
}

static void who_says_that_it_has_terminated_is_not_waited_for_long(void** state) {
        _cleanup_story_ Story story = story_begin(), late = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), TERMINATED, "", "running" }, /* of its own accord: it may be writing its core */
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(3), TERMINATED, "", "stopping" },
             { SEC(5) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "killed, signal scope KILL", "stopping" },
             { 0, TERMINATED, "", "stopping" });

        story_until_running(&late);
        PLAY(&late,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(58), TERMINATED, "", "stopping" },
             { SEC(2), TIMER, "killed, signal scope KILL", "stopping" });
}

static void another_job_brings_no_second_sigterm(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, STOP_REQUEST, "terminate", "stopping" },
             { SEC(20), RESTART("ann"), "", "stopping" },
             { SEC(20), DESTROY("bob"), "", "stopping" },
             /* and no more time either */
             { SEC(20), TIMER, "killed, signal scope KILL", "stopping" },
             { 0, KILLED(SIGKILL), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" });
}

/* ---- leftovers ---- */

static void what_is_left_in_the_scope_is_spoken_to_and_then_killed(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), DESTROY("ann"), "terminate", "stopping" },
             { SEC(1), EXITED(0), "", "stopping" },
             { MSEC(50) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "signal scope TERM", "stopping" },
             { SEC(5) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "signal scope KILL", "stopping" },
             { SEC(10), TIMER, "signal scope KILL", "stopping" },
             { SEC(1), GONE, "exited, destroyed 1, forget, done: ann", "-" });
}

static void leftovers_have_no_more_time_than_the_node_itself(void** state) {
        _cleanup_story_ Story story = story_begin();

        story.policy.stop_timeout = SEC(2);
        story_until_running(&story);
        PLAY(&story,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { MSEC(50), TIMER, "signal scope TERM", "stopping" },
             { SEC(2) - 1, TIMER, "", "stopping" },
             { 1, TIMER, "signal scope KILL", "stopping" },
             { 0, GONE, "exited, launch", "starting" });
}

static void leftovers_of_a_crash_are_swept_before_the_next_start(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, KILLED(SIGSEGV), "", "waiting" },
             { MSEC(50), TIMER, "signal scope TERM", "waiting" },
             { SEC(5), TIMER, "signal scope KILL", "waiting" },
             { SEC(10), TIMER, "signal scope KILL", "waiting" },
             { 0, GONE, "exited, launch", "starting" });
}

static void leftovers_of_a_killed_node_are_swept_as_well(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, DESTROY("ann"), "terminate", "stopping" },
             { SEC(60), TIMER, "killed, signal scope KILL", "stopping" },
             { 0, KILLED(SIGKILL), "", "stopping" },
             { MSEC(50), TIMER, "signal scope TERM", "stopping" },
             { SEC(5), TIMER, "signal scope KILL", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann", "-" });
}

static void a_job_that_comes_while_sweeping_does_not_start_it_anew(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, EXITED(1), "", "waiting" },
             { MSEC(50), TIMER, "signal scope TERM", "waiting" },
             { SEC(4), DESTROY("ann"), "", "stopping" },
             { SEC(1), TIMER, "signal scope KILL", "stopping" });
}

/* ---- systemctl stop of the scope ---- */

static void a_stopped_node_stays_down_until_restart(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), STOP_REQUEST, "terminate", "stopping" },
             { SEC(1), EXITED(0), "", "stopping" },
             /* "stopped" promises that nothing is left */
             { MSEC(50), TIMER, "signal scope TERM", "stopping" },
             { MSEC(1), GONE, "exited, stopped", "stopped" },
             { SEC(3600), TIMER, "", "stopped" },
             { 0, CREATE("ann"), "exists: ann", "stopped" },
             { 0, RESTART("bob"), "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: bob", "running" });
}

static void a_node_that_is_stopped_by_force_is_stopped(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { SEC(9), STOP_REQUEST, "terminate", "stopping" },
             { SEC(60), TIMER, "killed, signal scope KILL", "stopping" },
             { 0, KILLED(SIGKILL), "", "stopping" },
             { 0, GONE, "exited, stopped", "stopped" });
}

static void a_stop_request_is_not_forgotten_while_the_node_starts(void** state) {
        _cleanup_story_ Story created = story_begin(), failed = story_begin(), restarted = story_begin();

        PLAY(&created,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, STOP_REQUEST, "", "starting" },
             { 0, LAUNCHED(1), "announce 1, started, done: ann, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, stopped", "stopped" });

        /* a Create that fails leaves nothing that could be stopped */
        PLAY(&failed,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, STOP_REQUEST, "", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), forget, launch failed: ann (no)", "-" });

        story_until_running(&restarted);
        story_crash(&restarted, "waiting", "waiting");
        PLAY(&restarted,
             { SEC(1), TIMER, "launch", "starting" },
             { 0, STOP_REQUEST, "", "starting" },
             { 0, LAUNCH_FAILED("no"), "not launched (no), stopped", "stopped" },
             { SEC(3600), TIMER, "", "stopped" },
             /* the request was for that start, not for the next */
             { 0, RESTART("ann"), "launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });
}

static void a_job_behind_a_stop_request_decides(void** state) {
        _cleanup_story_ Story story = story_begin();

        PLAY(&story,
             { 0, CREATE("ann"), "added, launch", "starting" },
             { 0, RESTART("bob"), "", "starting" },
             { 0, STOP_REQUEST, "", "starting" },
             { 0, LAUNCHED(1), "announce 1, started, done: ann, terminate", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: bob", "running" });
}

static void a_stop_request_keeps_a_crashed_node_down(void** state) {
        _cleanup_story_ Story story = story_begin();

        story_until_running(&story);
        PLAY(&story,
             { 0, EXITED(1), "", "waiting" },
             { 0, STOP_REQUEST, "", "stopping" },
             { MSEC(50), TIMER, "signal scope TERM", "stopping" },
             { 0, GONE, "exited, stopped", "stopped" });
}

static void a_stop_request_does_not_change_what_was_decided(void** state) {
        static const struct {
                RestartPolicy policy;
                const char* word;
        } cases[] = { { RESTART_NEVER, "finished" }, { RESTART_ON_FAILURE, "finished" } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_story_ Story story = story_begin();

                story.policy.restart = cases[i].policy;
                story_until_running(&story);
                PLAY(&story,
                     { 0, EXITED(0), "", cases[i].word },
                     { 0, STOP_REQUEST, "", cases[i].word },
                     { 0, GONE, "exited, finished", cases[i].word });
        }
}

static void whoever_stops_a_node_first_decides_what_follows(void** state) {
        _cleanup_story_ Story restarted = story_begin(), destroyed = story_begin();

        story_until_running(&restarted);
        PLAY(&restarted,
             { 0, RESTART("ann"), "terminate", "stopping" },
             { 0, STOP_REQUEST, "", "stopping" },
             { 0, EXITED(0), "", "stopping" },
             { 0, STOP_REQUEST, "", "stopping" },
             { 0, GONE, "exited, launch", "starting" },
             { 0, LAUNCHED(2), "announce 2, started, done: ann", "running" });

        story_until_running(&destroyed);
        PLAY(&destroyed,
             { 0, DESTROY("ann"), "terminate", "stopping" },
             { SEC(60), TIMER, "killed, signal scope KILL", "stopping" },
             { 0, STOP_REQUEST, "", "stopping" },
             { 0, KILLED(SIGKILL), "", "stopping" },
             { 0, GONE, "exited, destroyed 1, forget, done: ann", "-" });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(who_does_not_end_in_time_is_killed_with_all_its_scope),
                cmocka_unit_test(the_stop_timeout_is_that_of_the_policy),
                cmocka_unit_test(who_says_that_it_has_terminated_is_not_waited_for_long),
                cmocka_unit_test(another_job_brings_no_second_sigterm),
                cmocka_unit_test(what_is_left_in_the_scope_is_spoken_to_and_then_killed),
                cmocka_unit_test(leftovers_have_no_more_time_than_the_node_itself),
                cmocka_unit_test(leftovers_of_a_crash_are_swept_before_the_next_start),
                cmocka_unit_test(leftovers_of_a_killed_node_are_swept_as_well),
                cmocka_unit_test(a_job_that_comes_while_sweeping_does_not_start_it_anew),
                cmocka_unit_test(a_stopped_node_stays_down_until_restart),
                cmocka_unit_test(a_node_that_is_stopped_by_force_is_stopped),
                cmocka_unit_test(a_stop_request_is_not_forgotten_while_the_node_starts),
                cmocka_unit_test(a_job_behind_a_stop_request_decides),
                cmocka_unit_test(a_stop_request_keeps_a_crashed_node_down),
                cmocka_unit_test(a_stop_request_does_not_change_what_was_decided),
                cmocka_unit_test(whoever_stops_a_node_first_decides_what_follows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
