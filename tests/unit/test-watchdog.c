/* SPDX-License-Identifier: BSD-3-Clause */
#include <systemd/sd-event.h>
#include <unistd.h>

#include "service/watchdog.h"
#include "unit/notify-socket.h"
#include "unit/scratch.h"

static void set_period(const char* usec) {
        _cleanup_free_ char* pid = xasprintf("%i", (int) getpid());

        assert_int_equal(setenv("WATCHDOG_USEC", usec, true), 0);
        assert_int_equal(setenv("WATCHDOG_PID", pid, true), 0);
}

/* The text of the next message, which may take some turns of the loop to come. */
static char* next_text(sd_event* event, int fd) {
        for (unsigned turns = 0; turns < 200; turns++) {
                size_t n_fds;
                char* text = receive(fd, &n_fds);

                if (text)
                        return text;
                assert_true(sd_event_run(event, 50 * 1000) >= 0);
        }
        fail_msg("nothing came");
        return NULL;
}

static void it_is_told_again_and_again(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "notify");
        _cleanup_close_ int fd = listen_at(path);
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;
        _cleanup_(watchdog_freep) Watchdog* w = NULL;

        set_period("3000");
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        assert_int_equal(watchdog_new(event, n, &w), 0);
        for (unsigned i = 0; i < 5; i++) {
                _cleanup_free_ char* text = next_text(event, fd);

                assert_string_equal(text, "WATCHDOG=1");
        }
}

/* Nor does one that does not read hold up the loop, and it hears of us as soon as it reads again. */
static void a_slow_service_manager_is_told_when_it_reads_again(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "notify");
        _cleanup_close_ int fd = listen_at(path);
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;
        _cleanup_(watchdog_freep) Watchdog* w = NULL;
        unsigned n_full = 0;
        bool told = false;

        set_period("3000");
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        while (notifier_try(n, "N=1") >= 0)
                n_full++;
        assert_true(n_full > 0);
        assert_int_equal(watchdog_new(event, n, &w), 0);
        for (unsigned turns = 0; turns < 10; turns++)
                assert_true(sd_event_run(event, 1000) >= 0);

        for (unsigned i = 0; !told && i <= n_full; i++) {
                _cleanup_free_ char* text = next_text(event, fd);

                told = strcmp(text, "WATCHDOG=1") == 0;
        }
        assert_true(told);
}

static void without_a_watchdog_nothing_is_said(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "notify");
        _cleanup_close_ int fd = listen_at(path);
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;
        _cleanup_(watchdog_freep) Watchdog* w = NULL;
        size_t n_fds;

        assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        assert_int_equal(watchdog_new(event, n, &w), 0);
        assert_true(sd_event_run(event, 0) >= 0);
        assert_null(receive(fd, &n_fds));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_told_again_and_again),
                cmocka_unit_test(a_slow_service_manager_is_told_when_it_reads_again),
                cmocka_unit_test(without_a_watchdog_nothing_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
