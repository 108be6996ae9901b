/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "unit/unit.h"
#include "util/alloc.h"
#include "util/parse.h"

static void spans_are_read_as_systemd_writes_them(void** state) {
        static const struct {
                const char* text;
                usec_t expected;
        } good[] = {
                { "90", 90 * USEC_PER_SEC },
                { "1min 30s", 90 * USEC_PER_SEC },
                { "1.5h", 90 * USEC_PER_MINUTE },
                { "2 days", 48 * USEC_PER_HOUR },
                { "100ms", 100 * USEC_PER_MSEC },
                { "5us", 5 },
                { "0", 0 },
                { "infinity", USEC_INFINITY },
        };
        static const char* const bad[] = { "", " ", "-1", "1x", "1.", "s", "1s foo", "99999999999999999999", "0x10" };
        usec_t value;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_sec(good[i].text, &value), 0);
                assert_int_equal(value, good[i].expected);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_true(parse_sec(bad[i], &value) < 0);
}

static void sizes_have_suffixes_to_the_base_1024(void** state) {
        uint64_t value;

        assert_int_equal(parse_size("1G", &value), 0);
        assert_int_equal(value, UINT64_C(1) << 30);
        assert_int_equal(parse_size("1.5K", &value), 0);
        assert_int_equal(value, 1536);
        assert_int_equal(parse_size("4096", &value), 0);
        assert_int_equal(value, 4096);
        assert_int_equal(parse_size("infinity", &value), 0);
        assert_int_equal(value, UINT64_MAX);
        assert_int_equal(parse_size("1Gb", &value), -EINVAL);
        assert_int_equal(parse_size("-1", &value), -EINVAL);
        assert_int_equal(parse_size("99999999E", &value), -ERANGE);
}

static void numbers_take_no_blanks_and_no_signs_that_do_not_belong(void** state) {
        uint64_t u;
        int64_t i;

        assert_int_equal(parse_u64(" 1", &u), -EINVAL);
        assert_int_equal(parse_u64("+1", &u), -EINVAL);
        assert_int_equal(parse_u64("18446744073709551615", &u), 0);
        assert_int_equal(parse_u64("18446744073709551616", &u), -ERANGE);
        assert_int_equal(parse_i64("-9223372036854775808", &i), 0);
        assert_true(i == INT64_MIN);
        assert_int_equal(parse_i64("-9223372036854775809", &i), -ERANGE);
        assert_int_equal(parse_int_range("20", -20, 19, &i), -ERANGE);
}

static void quotas_are_percentages(void** state) {
        uint64_t value;

        assert_int_equal(parse_cpu_quota("150%", &value), 0);
        assert_int_equal(value, 1500000);
        assert_int_equal(parse_cpu_quota("12.5%", &value), 0);
        assert_int_equal(value, 125000);
        assert_int_equal(parse_cpu_quota("", &value), 0);
        assert_int_equal(value, UINT64_MAX);
        assert_int_equal(parse_cpu_quota("0%", &value), -ERANGE);
        assert_int_equal(parse_cpu_quota("50", &value), -EINVAL);
}

static void cpu_sets_become_masks(void** state) {
        _cleanup_free_ uint8_t* mask = NULL;
        size_t size;

        assert_int_equal(parse_cpu_set("0-3,8 10", 1023, &mask, &size), 0);
        assert_int_equal(size, 2);
        assert_int_equal(mask[0], 0x0f);
        assert_int_equal(mask[1], 0x05);
        assert_int_equal(parse_cpu_set("3-1", 1023, NULL, NULL), -EINVAL);
        assert_int_equal(parse_cpu_set("1024", 1023, NULL, NULL), -ERANGE);
        assert_int_equal(parse_cpu_set("", 1023, NULL, NULL), -EINVAL);
        assert_int_equal(parse_cpu_set("1;2", 1023, NULL, NULL), -EINVAL);
}

static void booleans_are_those_of_unit_files(void** state) {
        bool value = false;

        assert_int_equal(parse_bool("Yes", &value), 0);
        assert_true(value);
        assert_int_equal(parse_bool("off", &value), 0);
        assert_false(value);
        assert_int_equal(parse_bool("maybe", &value), -EINVAL);
}

static void signals_are_names_and_numbers(void** state) {
        int signal = 0;

        assert_int_equal(parse_signal_name("SIGKILL", &signal), 0);
        assert_int_equal(signal, SIGKILL);
        assert_int_equal(parse_signal_name("USR2", &signal), 0);
        assert_int_equal(signal, SIGUSR2);
        assert_int_equal(parse_signal_name("64", &signal), 0);
        assert_int_equal(signal, 64);
        assert_int_equal(parse_signal_name("65", &signal), -EINVAL);
        assert_int_equal(parse_signal_name("0", &signal), -EINVAL);
        assert_int_equal(parse_signal_name("sigkill", &signal), -EINVAL);
        assert_int_equal(parse_signal_name("", &signal), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(spans_are_read_as_systemd_writes_them),
                cmocka_unit_test(sizes_have_suffixes_to_the_base_1024),
                cmocka_unit_test(numbers_take_no_blanks_and_no_signs_that_do_not_belong),
                cmocka_unit_test(quotas_are_percentages),
                cmocka_unit_test(cpu_sets_become_masks),
                cmocka_unit_test(signals_are_names_and_numbers),
                cmocka_unit_test(booleans_are_those_of_unit_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
