/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <unistd.h>

#include "supervisor/status-watch.h"
#include "unit/scratch.h"
#include "util/fd.h"

typedef struct Fixture {
        Scratch scratch;
        char* path;
        sd_event* event;
        StatusWatches* watches;
        StatusWatch* watch;
        unsigned n_changes;
} Fixture;

static void on_changed(void* userdata) {
        ((Fixture*) userdata)->n_changes++;
}

/* As Zeek does it; with a mode, a new file. */
static void write_status(const Fixture* f, const char* text) {
        int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        fd_close(fd);
}

static Fixture fixture_new(const char* text) {
        Fixture f = { .scratch = scratch_new() };

        f.path = scratch_place(&f.scratch, ".status");
        assert_true(sd_event_new(&f.event) >= 0);
        assert_int_equal(status_watches_new(f.event, &f.watches), 0);
        if (text)
                write_status(&f, text);
        return f;
}

static void fixture_begin(Fixture* f) {
        int fd = open(f->path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(status_watch_new(f->watches, "ant", fd, on_changed, f, &f->watch), 0);
}

static void fixture_done(Fixture* f) {
        status_watch_free(f->watch);
        status_watches_free(f->watches);
        sd_event_unref(f->event);
        free(f->path);
        scratch_done(&f->scratch);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

/* Until nothing has happened for some time that is much longer than the interval. */
static void settle(Fixture* f) {
        while (sd_event_run(f->event, 10 * STATUS_WATCH_INTERVAL_USEC) > 0)
                ;
}

static void what_is_there_is_known_at_once(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new("RUNNING [run_loop]\n");

        fixture_begin(&f);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_RUNNING);
        assert_false(status_watch_has_ended_well(f.watch));
        settle(&f);
        assert_int_equal(f.n_changes, 0);
}

static void every_change_is_told(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(NULL);

        fixture_begin(&f);
        assert_int_equal(status_watch_status(f.watch), _ZEEK_STATUS_INVALID);
        write_status(&f, "INITIALIZING [main]\n");
        settle(&f);
        assert_int_equal(f.n_changes, 1);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_INITIALIZING);

        write_status(&f, "RUNNING [run_loop]\n");
        write_status(&f, "TERMINATING [done_with_network]\n");
        write_status(&f, "TERMINATED [atexit]\n");
        settle(&f);
        assert_int_equal(f.n_changes, 2);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_TERMINATED);
        assert_true(status_watch_has_ended_well(f.watch));
}

static void what_comes_before_the_next_look_is_seen_by_it(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new("INITIALIZING [main]\n");

        fixture_begin(&f);
        write_status(&f, "");
        assert_true(sd_event_run(f.event, USEC_PER_SEC) > 0); /* it has fired */
        write_status(&f, "RUNNING [run_loop]\n");
        settle(&f);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_RUNNING);
        assert_int_equal(f.n_changes, 1);
}

static void what_is_no_status_changes_nothing(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new("RUNNING [run_loop]\n");
        char large[100000] = {};

        fixture_begin(&f);
        memset(large, 'x', sizeof large - 1);
        static const char* const texts[] = { "", "\n", "RUNNINGS\n", "running\n" };
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                write_status(&f, texts[i]);
                settle(&f);
        }
        write_status(&f, large);
        settle(&f);
        assert_int_equal(f.n_changes, 0);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_RUNNING);
}

static void a_file_that_was_replaced_or_removed_stays_what_it_was(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new("INITIALIZING [main]\n");

        fixture_begin(&f);
        assert_int_equal(unlink(f.path), 0);
        write_status(&f, "RUNNING [run_loop]\n");
        settle(&f);
        assert_int_equal(f.n_changes, 0);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_INITIALIZING);
}

static void a_writer_that_does_not_stop_wakes_us_a_limited_number_of_times(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(NULL);
        const unsigned n_writes = 2000;
        unsigned n_turns = 0;
        usec_t begin = now_usec(CLOCK_MONOTONIC), took;

        fixture_begin(&f);
        for (unsigned i = 0; i < n_writes; i++) {
                write_status(&f, i % 2 ? "RUNNING [run_loop]\n" : "INITIALIZING [main]\n");
                n_turns += sd_event_run(f.event, 0) > 0;
        }
        took = now_usec(CLOCK_MONOTONIC) - begin;
        /* three for each interval: it fires, the watch is gone, it is armed again */
        assert_true(n_turns <= 3 * (took / STATUS_WATCH_INTERVAL_USEC + 2));
        settle(&f);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_RUNNING);
}

static void the_others_are_heard_whoever_goes(void** state) {
        _cleanup_fixture_ Fixture f = fixture_new(NULL);
        _cleanup_free_ char* path = scratch_place(&f.scratch, "other");
        StatusWatch* other;

        fixture_begin(&f);
        assert_int_equal(status_watch_new(f.watches, "bee", open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644), on_changed, &f,
                                          &other), 0);
        scratch_write(&f.scratch, "other", 0644, "RUNNING\n");
        write_status(&f, "RUNNING [run_loop]\n");
        status_watch_free(other); /* with its event under way */
        settle(&f);
        assert_int_equal(f.n_changes, 1);
        assert_int_equal(status_watch_status(f.watch), ZEEK_STATUS_RUNNING);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_there_is_known_at_once),
                cmocka_unit_test(every_change_is_told),
                cmocka_unit_test(what_comes_before_the_next_look_is_seen_by_it),
                cmocka_unit_test(what_is_no_status_changes_nothing),
                cmocka_unit_test(a_file_that_was_replaced_or_removed_stays_what_it_was),
                cmocka_unit_test(a_writer_that_does_not_stop_wakes_us_a_limited_number_of_times),
                cmocka_unit_test(the_others_are_heard_whoever_goes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
