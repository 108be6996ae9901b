/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/backoff.h"
#include "unit/unit.h"
#include "util/macro.h"

#define SEC(n) ((usec_t) (n) * USEC_PER_SEC)

static const BackoffPolicy zeek_curve = { .delay = SEC(1), .delay_max = USEC_INFINITY, .reset_after = SEC(30) };

/* The wait before the next start of what ends at once. */
static usec_t wait_for(Backoff* b, const BackoffPolicy* policy) {
        usec_t when;

        assert_true(backoff_next(b, policy, 0, &when));
        return when - b->last_start;
}

static void assert_waits(const BackoffPolicy* policy, const usec_t* waits, size_t n) {
        Backoff b;
        usec_t now = SEC(100);

        backoff_reset(&b, now);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(wait_for(&b, policy), waits[i]);
                now += waits[i];
                backoff_attempt(&b, policy, now);
                assert_int_equal(b.attempts, i + 1);
        }
}

static void the_wait_doubles_at_each_third_attempt(void** state) {
        static const usec_t waits[] = { SEC(1), SEC(1), SEC(1), SEC(2), SEC(2), SEC(2), SEC(4), SEC(4), SEC(4), SEC(8) };

        assert_waits(&zeek_curve, waits, ELEMENTSOF(waits));
}

static void the_wait_never_exceeds_its_cap(void** state) {
        static const usec_t waits[] = { SEC(2), SEC(2), SEC(2), SEC(4), SEC(4), SEC(4), SEC(5), SEC(5), SEC(5), SEC(5), SEC(5) };
        BackoffPolicy policy = zeek_curve;

        policy.delay = SEC(2);
        policy.delay_max = SEC(5);
        assert_waits(&policy, waits, ELEMENTSOF(waits));
}

static void a_first_wait_beyond_the_cap_stays_what_it_is(void** state) {
        static const usec_t waits[] = { SEC(9), SEC(9), SEC(9), SEC(9), SEC(9) };
        BackoffPolicy policy = zeek_curve;

        policy.delay = SEC(9);
        policy.delay_max = SEC(5);
        assert_waits(&policy, waits, ELEMENTSOF(waits));
}

static void no_wait_at_all_stays_none(void** state) {
        static const usec_t waits[] = { 0, 0, 0, 0, 0, 0, 0 };
        BackoffPolicy policy = zeek_curve;

        policy.delay = 0;
        assert_waits(&policy, waits, ELEMENTSOF(waits));
}

static void years_of_crashes_do_not_turn_the_wait_over(void** state) {
        Backoff b;
        usec_t last = 0;

        backoff_reset(&b, SEC(100));
        for (unsigned i = 0; i < 1000; i++) {
                usec_t when;

                assert_true(backoff_next(&b, &zeek_curve, 0, &when));
                assert_true(when - b.last_start >= last);
                last = when - b.last_start;
                backoff_attempt(&b, &zeek_curve, SEC(100));
        }
        assert_int_equal(last, USEC_INFINITY - SEC(100));
}

static void only_a_life_longer_than_the_limit_forgets_the_attempts(void** state) {
        static const struct {
                usec_t uptime;
                usec_t wait;
        } cases[] = {
                { 0, SEC(2) },
                { SEC(30), SEC(2) },
                { SEC(30) + 1, SEC(1) },
                { SEC(100000), SEC(1) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Backoff b;
                usec_t when;

                backoff_reset(&b, SEC(100));
                for (unsigned k = 0; k < 3; k++)
                        backoff_attempt(&b, &zeek_curve, SEC(100));
                assert_true(backoff_next(&b, &zeek_curve, cases[i].uptime, &when));
                assert_int_equal(when, SEC(100) + cases[i].wait);
        }
}

static void the_limit_of_attempts_is_exact(void** state) {
        BackoffPolicy policy = zeek_curve;
        Backoff b;
        usec_t when = 77;

        policy.attempts_max = 2;
        backoff_reset(&b, SEC(100));
        for (unsigned i = 0; i < 2; i++) {
                assert_true(backoff_next(&b, &policy, 0, &when));
                backoff_attempt(&b, &policy, SEC(100));
        }
        when = 77;
        assert_false(backoff_next(&b, &policy, 0, &when));
        assert_int_equal(when, 77);

        /* a long life gives them back, and so does whoever asks for a start */
        assert_true(backoff_next(&b, &policy, SEC(31), &when));
        backoff_attempt(&b, &policy, SEC(200));
        backoff_attempt(&b, &policy, SEC(200));
        assert_false(backoff_next(&b, &policy, 0, &when));
        backoff_reset(&b, SEC(300));
        assert_true(backoff_next(&b, &policy, 0, &when));
        assert_int_equal(when, SEC(301));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_wait_doubles_at_each_third_attempt),
                cmocka_unit_test(the_wait_never_exceeds_its_cap),
                cmocka_unit_test(a_first_wait_beyond_the_cap_stays_what_it_is),
                cmocka_unit_test(no_wait_at_all_stays_none),
                cmocka_unit_test(years_of_crashes_do_not_turn_the_wait_over),
                cmocka_unit_test(only_a_life_longer_than_the_limit_forgets_the_attempts),
                cmocka_unit_test(the_limit_of_attempts_is_exact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
