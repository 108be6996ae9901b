/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/rate-limit.h"
#include "unit/unit.h"

static void without_an_interval_there_is_no_limit(void** state) {
        RateLimit limit = { .burst = 1 };

        for (usec_t i = 0; i < 10; i++)
                assert_true(rate_limit_take(&limit, i));
}

static void a_burst_goes_through_in_each_interval(void** state) {
        RateLimit limit = { .interval = 100, .burst = 3 };

        for (usec_t begin = 1000; begin < 2000; begin += 100) {
                for (usec_t i = 0; i < 3; i++)
                        assert_true(rate_limit_take(&limit, begin + i));
                assert_false(rate_limit_take(&limit, begin + 50));
                assert_false(rate_limit_take(&limit, begin + 99));
                assert_int_equal(rate_limit_end(&limit), begin + 100);
        }
}

static void an_interval_begins_with_its_first_line(void** state) {
        RateLimit limit = { .interval = 100, .burst = 1 };

        assert_true(rate_limit_take(&limit, 1000));
        assert_true(rate_limit_take(&limit, 5050));
        assert_false(rate_limit_take(&limit, 5149));
        assert_true(rate_limit_take(&limit, 5150));
}

static void what_did_not_go_on_counts_for_nothing(void** state) {
        RateLimit limit = { .interval = 100, .burst = 1 };

        assert_true(rate_limit_take(&limit, 1000));
        rate_limit_give_back(&limit);
        assert_true(rate_limit_take(&limit, 1001));
        assert_false(rate_limit_take(&limit, 1002));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_an_interval_there_is_no_limit),
                cmocka_unit_test(a_burst_goes_through_in_each_interval),
                cmocka_unit_test(an_interval_begins_with_its_first_line),
                cmocka_unit_test(what_did_not_go_on_counts_for_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
