/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/call-meter.h"
#include "unit/unit.h"

static usec_t now;

static usec_t fake_now(void) {
        return now;
}

static CallTimes times_of(const CallMeter* meter, const char* method) {
        size_t n;
        const CallTimes* times = call_meter_times(meter, &n);

        for (size_t i = 0; i < n; i++)
                if (strcmp(times[i].method, method) == 0)
                        return times[i];
        fail_msg("no method %s", method);
        return (CallTimes) {};
}

static void a_call_that_nobody_keeps_is_answered_within_its_turn(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        char call;

        now = 1000;
        call_meter_arrived(meter, &call, "Status");
        assert_int_equal(times_of(meter, "Status").n, 0);
        now += 3 * USEC_PER_MSEC;
        call_meter_turn_ended(meter);
        call_meter_turn_ended(meter);
        assert_int_equal(times_of(meter, "Status").n, 1);
        assert_int_equal(times_of(meter, "Status").total, 3 * USEC_PER_MSEC);
        assert_int_equal(times_of(meter, "Status").within[0], 0);
        for (size_t i = 1; i < CALL_BOUNDS; i++)
                assert_int_equal(times_of(meter, "Status").within[i], 1);
}

static void a_call_that_is_kept_takes_until_nobody_does(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        char call;

        now = 0;
        call_meter_arrived(meter, &call, "Create");
        call_meter_keep(meter, &call); /* while the caller is asked about */
        call_meter_turn_ended(meter);
        call_meter_keep(meter, &call); /* while the node is started */
        call_meter_release(meter, &call);
        now = 2 * USEC_PER_SEC;
        assert_int_equal(times_of(meter, "Create").n, 0);
        call_meter_release(meter, &call);
        assert_int_equal(times_of(meter, "Create").n, 1);
        assert_int_equal(times_of(meter, "Create").within[3], 0);
        assert_int_equal(times_of(meter, "Create").within[4], 1);
}

static void the_next_call_ends_the_turn_of_the_one_before(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        char call;

        for (unsigned i = 0; i < 3; i++)
                call_meter_arrived(meter, &call, "Status"); /* memory is used again */
        assert_int_equal(times_of(meter, "Status").n, 2);
}

static void a_bound_belongs_to_what_is_within_it(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        char call;

        for (size_t i = 0; i < CALL_BOUNDS; i++) {
                now = 0;
                call_meter_arrived(meter, &call, "Reload");
                now = call_bounds[i];
                call_meter_turn_ended(meter);
        }
        for (size_t i = 0; i < CALL_BOUNDS; i++)
                assert_int_equal(times_of(meter, "Reload").within[i], i + 1);
}

static void callers_cannot_make_up_methods(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        size_t before, after;
        char call;

        (void) call_meter_times(meter, &before);
        call_meter_arrived(meter, &call, "Whatever");
        call_meter_arrived(meter, &call, "GetAll");
        call_meter_turn_ended(meter);
        (void) call_meter_times(meter, &after);
        assert_int_equal(before, after);
        assert_int_equal(times_of(meter, "other").n, 2);
}

static void what_did_not_arrive_is_nobodys_business(void** state) {
        _cleanup_(call_meter_freep) CallMeter* meter = call_meter_new(fake_now);
        char call;

        call_meter_keep(meter, &call);
        call_meter_release(meter, &call);
        call_meter_keep(meter, NULL);
        call_meter_release(meter, NULL);
        call_meter_arrived(meter, &call, "Kill"); /* not answered when all ends */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_call_that_nobody_keeps_is_answered_within_its_turn),
                cmocka_unit_test(a_call_that_is_kept_takes_until_nobody_does),
                cmocka_unit_test(the_next_call_ends_the_turn_of_the_one_before),
                cmocka_unit_test(a_bound_belongs_to_what_is_within_it),
                cmocka_unit_test(callers_cannot_make_up_methods),
                cmocka_unit_test(what_did_not_arrive_is_nobodys_business),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
