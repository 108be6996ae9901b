/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <time.h>

#include "ctl/format.h"
#include "unit/unit.h"

#define MINUTE USEC_PER_MINUTE
#define HOUR USEC_PER_HOUR
#define DAY (24 * USEC_PER_HOUR)

static void expect(char* text, const char* expected) {
        assert_string_equal(text, expected);
        free(text);
}

static void sizes_have_one_decimal_and_never_four_digits(void** state) {
        expect(format_bytes(0), "0B");
        expect(format_bytes(1023), "1023B");
        expect(format_bytes(1024), "1.0K");
        expect(format_bytes(1536), "1.5K");
        expect(format_bytes(1024 * 1024 - 1), "1.0M");
        expect(format_bytes(UINT64_C(2000000000)), "1.9G");
        expect(format_bytes(UINT64_MAX), "16.0E");
}

static void a_span_has_its_two_largest_units(void** state) {
        expect(format_span(0), "0s");
        expect(format_span(USEC_PER_SEC - 1), "0s");
        expect(format_span(59 * USEC_PER_SEC), "59s");
        expect(format_span(MINUTE), "1min");
        expect(format_span(3 * HOUR + 2 * MINUTE + 59 * USEC_PER_SEC), "3h 2min");
        expect(format_span(HOUR + 59 * USEC_PER_SEC), "1h");
        expect(format_span(DAY + HOUR), "1 day 1h");
        expect(format_span(9 * DAY), "1 week 2 days");
        expect(format_span(400 * DAY), "1 year 1 month");
        expect(format_span(USEC_INFINITY), "584542 years");
}

static void times_are_told_from_now(void** state) {
        usec_t now = 1000 * DAY;

        expect(format_relative(now, now), "now");
        expect(format_relative(now - USEC_PER_SEC / 2, now), "now");
        expect(format_relative(now - 62 * USEC_PER_SEC, now), "1min 2s ago");
        expect(format_relative(now + 7 * USEC_PER_SEC, now), "in 7s");
        expect(format_relative(0, now), "2 years 8 months ago");
}

static void cpu_time_is_exact_while_it_is_short(void** state) {
        expect(format_cpu_time(0), "0.0s");
        expect(format_cpu_time(UINT64_C(2950000000)), "2.9s");
        expect(format_cpu_time(UINT64_C(59999999999)), "59.9s");
        expect(format_cpu_time(UINT64_C(61000000000)), "1min 1s");
}

static void timestamps_are_those_of_systemctl(void** state) {
        usec_t time = UINT64_C(1795991406148222);

        expect(format_timestamp(time), "Sun 2026-11-29 22:30:06 UTC");
        expect(format_moment(time), "Nov 29 22:30:06.148");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sizes_have_one_decimal_and_never_four_digits),
                cmocka_unit_test(a_span_has_its_two_largest_units),
                cmocka_unit_test(times_are_told_from_now),
                cmocka_unit_test(cpu_time_is_exact_while_it_is_short),
                cmocka_unit_test(timestamps_are_those_of_systemctl),
        };

        (void) setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
