/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/progress.h"
#include "ctl/text.h"
#include "unit/unit.h"

static const ProgressItem items[] = {
        { "logger-1", "running", true },
        { "worker-1", "starting", false },
        { "worker-2", "stopping", false },
        { "worker-3", NULL, false },
};

static void expect(size_t n, size_t columns, const char* expected) {
        _cleanup_free_ char* text = progress_text("Restarting", "up", items, n, 12 * USEC_PER_SEC, columns, true);

        assert_string_equal(text, expected);
        assert_true(text_width(text) <= columns);
}

static void it_says_what_is_up_and_what_is_not_and_since_when(void** state) {
        expect(4, 100, "Restarting 4 nodes: 1 up, worker-1 starting, worker-2 stopping, worker-3 (12s)");
        expect(1, 100, "Restarting 1 node: 1 up (12s)");
        expect(0, 100, "Restarting 0 nodes: 0 up (12s)");
}

static void it_fits_into_the_line_with_the_time_in_sight(void** state) {
        expect(4, 40, "Restarting 4 nodes: 1 up, worker-… (12s)");
        expect(4, 6, "Resta…");
        expect(4, 0, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_says_what_is_up_and_what_is_not_and_since_when),
                cmocka_unit_test(it_fits_into_the_line_with_the_time_in_sight),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
