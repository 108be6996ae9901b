/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/wait.h>

#include "ctl/event-text.h"
#include "unit/unit.h"

static json_t* node(const char* state, int pid, int ready) {
        return json_pack("{s:s, s:i, s:b}", "State", state, "PID", pid, "Ready", ready);
}

static void expect(NodeEventKind kind, const json_t* before, const json_t* now, const char* expected) {
        NodeEvent event = { kind, "worker-1", before, now };
        _cleanup_free_ char* text = event_text(&event);

        if (expected)
                assert_string_equal(text, expected);
        else
                assert_null(text);
}

static void changes_of_state_are_told(void** state) {
        json_auto_t *starting = node("starting", 0, 0), *running = node("running", 7, 0), *ready = node("running", 7, 1),
                    *other = node("running", 8, 1);

        expect(NODE_EVENT_ADDED, NULL, starting, "created, starting");
        expect(NODE_EVENT_CHANGED, starting, running, "running, PID 7");
        expect(NODE_EVENT_CHANGED, running, ready, "ready");
        expect(NODE_EVENT_CHANGED, ready, other, "running, PID 8");
        expect(NODE_EVENT_REMOVED, other, other, "destroyed");
}

static void a_line_more_is_nothing_that_happened(void** state) {
        json_auto_t *before = node("running", 7, 1), *now = json_copy(before);

        json_object_set_new(now, "LinesForwarded", json_integer(5));
        expect(NODE_EVENT_CHANGED, before, now, NULL);
}

static void the_end_of_a_process_is_told_with_its_reason(void** state) {
        json_auto_t *before = node("running", 7, 1), *waiting = node("waiting", 7, 0), *failed = node("failed", 7, 0);

        json_object_update_new(waiting, json_pack("{s:i, s:i, s:I, s:I}", "ExitCode", CLD_KILLED, "ExitStatus", 9,
                                                  "StateSinceUSec", (json_int_t) 5000000, "NextRestartUSec", (json_int_t) 7000000));
        expect(NODE_EVENT_CHANGED, before, waiting, "waiting, was killed by signal SIGKILL, starts again in 2s");
        json_object_update_new(failed, json_pack("{s:i, s:i}", "ExitCode", CLD_EXITED, "ExitStatus", 3));
        expect(NODE_EVENT_CHANGED, before, failed, "failed, exited with status 3");
}

static void that_memory_ran_out_is_told_when_it_is_known(void** state) {
        json_auto_t *before = node("waiting", 7, 0), *known = json_copy(before), *next = node("starting", 7, 0);

        json_object_set_new(before, "OutOfMemory", json_false());
        json_object_set_new(known, "OutOfMemory", json_true());
        json_object_set_new(next, "OutOfMemory", json_true());
        expect(NODE_EVENT_CHANGED, before, known, "memory had run out");
        expect(NODE_EVENT_CHANGED, before, next, "memory had run out, starting");
        expect(NODE_EVENT_CHANGED, known, next, "starting");
}

static void an_event_is_an_object_too(void** state) {
        json_auto_t* running = node("running", 7, 1);
        NodeEvent event = { NODE_EVENT_CHANGED, "worker-1", NULL, running }, left = { .kind = NODE_EVENT_SUPERVISOR_LEFT };
        json_auto_t *json = event_json(&event, 123), *gone = event_json(&left, 124);
        json_auto_t* expected = json_pack("{s:i, s:s, s:s, s:s, s:i, s:b}", "time_usec", 123, "event", "changed", "node",
                                          "worker-1", "state", "running", "pid", 7, "ready", 1);
        json_auto_t* expected_gone = json_pack("{s:i, s:s}", "time_usec", 124, "event", "supervisor-left");

        assert_true(json_equal(json, expected));
        assert_true(json_equal(gone, expected_gone));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(changes_of_state_are_told),
                cmocka_unit_test(a_line_more_is_nothing_that_happened),
                cmocka_unit_test(the_end_of_a_process_is_told_with_its_reason),
                cmocka_unit_test(that_memory_ran_out_is_told_when_it_is_known),
                cmocka_unit_test(an_event_is_an_object_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
