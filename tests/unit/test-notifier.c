/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "service/notifier.h"
#include "unit/notify-socket.h"
#include "unit/scratch.h"
#include "util/fd.h"
#include "util/strv.h"

static void run_once(sd_event* event) {
        assert_true(sd_event_run(event, 0) >= 0);
}

static void without_a_service_manager_everything_counts_as_sent(void** state) {
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;

        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        assert_int_equal(notifier_send(n, "FDSTORE=1", NULL, 0, NULL, NULL), 1);
}

static void on_sent(void* userdata) {
        (*(unsigned*) userdata)++;
}

/* It does not wait for one that does not read, and loses nothing and no order. */
static void a_slow_service_manager_gets_all_of_it_in_order(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "notify");
        _cleanup_close_ int fd = listen_at(path);
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;
        unsigned n_sent = 0, n_forgotten = 0, n_waiting = 0, n_received = 0;
        const unsigned total = 3000;

        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        for (unsigned i = 0; i < total; i++) {
                _cleanup_free_ char* text = xasprintf("N=%u", i);
                int r = notifier_send(n, text, &fd, 1, on_sent, i % 2 == 0 ? &n_sent : &n_forgotten);

                assert_true(r >= 0);
                if (r == 0)
                        n_waiting++;
        }
        assert_true(n_waiting > 2 && n_waiting < total);
        assert_int_equal(n_sent + n_forgotten, 0);
        notifier_forget(n, &n_forgotten);

        for (unsigned turns = 0; n_received < total && turns < 100000; turns++) {
                size_t n_fds;
                _cleanup_free_ char *text = receive(fd, &n_fds), *expected = xasprintf("N=%u", n_received);

                run_once(event);
                if (!text)
                        continue;
                assert_string_equal(text, expected);
                assert_int_equal(n_fds, 1);
                n_received++;
        }
        assert_int_equal(n_received, total);
        assert_true(n_sent >= n_waiting / 2 && n_sent <= n_waiting / 2 + 1);
        assert_int_equal(n_forgotten, 0);
}

static void a_service_manager_that_comes_back_gets_what_waited(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = scratch_place(&scratch, "notify");
        int fd = listen_at(path);
        _cleanup_(sd_event_unrefp) sd_event* event = NULL;
        _cleanup_(notifier_freep) Notifier* n = NULL;
        _cleanup_free_ char* text = NULL;
        unsigned n_sent = 0;
        size_t n_fds;

        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(notifier_new(event, &n), 0);
        (void) fd_close(fd);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(notifier_send(n, "N=1", NULL, 0, on_sent, &n_sent), 0);
        run_once(event);

        fd = listen_at(path);
        for (unsigned turns = 0; n_sent == 0 && turns < 100; turns++)
                assert_true(sd_event_run(event, 100 * 1000) >= 0);
        text = receive(fd, &n_fds);
        assert_non_null(text);
        assert_string_equal(text, "N=1");
        (void) fd_close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_service_manager_everything_counts_as_sent),
                cmocka_unit_test(a_slow_service_manager_gets_all_of_it_in_order),
                cmocka_unit_test(a_service_manager_that_comes_back_gets_what_waited),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
