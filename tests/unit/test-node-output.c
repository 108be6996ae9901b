/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/output-fixture.h"
#include "util/strv.h"

static void both_streams_reach_the_journal(void** state) {
        Fixture* f = *state;

        say(f->out[1], "before anybody looked\n");
        attach(f);
        (void) run(f);
        expect(f, "stdout", "before anybody looked");
        assert_int_equal(f->journal.entry.n, 9);
        assert_true(decoded_is(&f->journal.entry, "OBJECT_SYSTEMD_UNIT", "zeek-node-worker\\x2d1.scope"));
        assert_true(decoded_is(&f->journal.entry, "OBJECT_PID", "4711"));

        say(f->err[1], "error\n\n\nanother\n");
        (void) run(f);
        expect(f, "stderr", "error");
        expect(f, "stderr", "another");

        assert_int_equal(write(f->out[1], "a\0\xff\r\n", 5), 5);
        (void) run(f);
        assert_true(fake_journal_receive(&f->journal));
        assert_true(decoded_equals(&f->journal.entry, "MESSAGE", "a\0\xff\r", 4));
        expect_nothing(f);
        assert_int_equal(bytes_in(f->out[0]) + bytes_in(f->err[0]), 0);

        assert_int_equal(f->state.lines_forwarded, 4);
        assert_int_equal(f->state.lines_dropped + f->state.lines_suppressed, 0);
        _cleanup_strv_free_ char** all = node_output_state_last_lines(&f->state);
        _cleanup_strv_free_ char** errors = node_output_state_last_lines_of(&f->state, STREAM_STDERR);
        assert_int_equal(strv_length(all), 4);
        assert_string_equal(all[3], "a\\x00\\xff\\x0d");
        assert_int_equal(strv_length(errors), 2);
}

static void changes_are_told_once_a_turn(void** state) {
        Fixture* f = *state;

        attach(f);
        (void) run(f);
        assert_int_equal(f->n_changed, 0);
        for (unsigned i = 0; i < 20; i++)
                say(f->out[1], "one of many\n");
        (void) run(f);
        assert_int_equal(f->n_changed, 1);
        say(f->out[1], "\n\nunfinished");
        (void) run(f);
        assert_int_equal(f->n_changed, 1);
}

static void the_beginning_of_a_line_waits_in_its_pipe(void** state) {
        Fixture* f = *state;

        attach(f);
        say(f->out[1], "whole\nbeg");
        (void) run(f);
        expect(f, "stdout", "whole");
        expect_nothing(f);
        assert_int_equal(bytes_in(f->out[0]), 3);

        /* for a quarter of a second: it is looked at, but seldom */
        unsigned n = 0;
        usec_t end = now_usec(CLOCK_MONOTONIC) + 250 * USEC_PER_MSEC;
        for (usec_t now; (now = now_usec(CLOCK_MONOTONIC)) < end;)
                n += sd_event_run(f->event, end - now) > 0;
        assert_true(n < 15);

        say(f->out[1], "inning\n");
        (void) run(f);
        expect(f, "stdout", "beginning");
        assert_int_equal(bytes_in(f->out[0]), 0);
}

static void the_last_line_needs_no_newline(void** state) {
        Fixture* f = *state;

        attach(f);
        say(f->out[1], "first\nlast");
        (void) run(f);
        expect(f, "stdout", "first");
        f->out[1] = fd_close(f->out[1]);
        (void) run(f);
        expect(f, "stdout", "last");
        expect_nothing(f);
        assert_int_equal(bytes_in(f->out[0]), 0);
}

/* ---- the end ---- */

static void on_finished(void* userdata) {
        Fixture* f = userdata;

        f->n_finished++;
        f->output = node_output_free(f->output);
}

static void an_end_sends_all_and_is_told_once(void** state) {
        Fixture* f = *state;

        attach(f);
        say(f->out[1], "one\ntwo");
        say(f->err[1], "three");
        f->out[1] = fd_close(f->out[1]);
        f->err[1] = fd_close(f->err[1]);
        node_output_finish(f->output, on_finished, f);
        assert_int_equal(f->n_finished, 0);
        (void) run(f);
        assert_int_equal(f->n_finished, 1);
        expect(f, "stdout", "one");
        expect(f, "stdout", "two");
        expect(f, "stderr", "three");
        expect_nothing(f);
        assert_int_equal(f->state.lines_forwarded, 3);
}

static void an_end_after_the_streams_ended_comes_from_the_loop_too(void** state) {
        Fixture* f = *state;

        attach(f);
        f->out[1] = fd_close(f->out[1]);
        f->err[1] = fd_close(f->err[1]);
        (void) run(f);
        node_output_finish(f->output, on_finished, f);
        assert_int_equal(f->n_finished, 0);
        (void) run(f);
        assert_int_equal(f->n_finished, 1);
}

static void a_descendant_that_keeps_the_pipe_does_not_hold_up_the_end(void** state) {
        Fixture* f = *state;

        attach(f);
        say(f->out[1], "line\nrest");
        (void) run(f);
        node_output_finish(f->output, on_finished, f);
        say(f->out[1], " and more\nand more\n");
        (void) run(f);
        assert_int_equal(f->n_finished, 1);
        expect(f, "stdout", "line");
        expect(f, "stdout", "rest");
        expect_nothing(f);
}

static void an_end_waits_for_the_journal(void** state) {
        Fixture* f = *state;
        unsigned n = 0;

        write_numbers(f->out[1], 0, 1500);
        attach(f);
        (void) run(f);
        node_output_finish(f->output, on_finished, f);
        (void) run(f);
        assert_int_equal(f->n_finished, 0);
        while (n < 1500) {
                receive_numbers(f, &n);
                (void) run(f);
        }
        assert_int_equal(f->n_finished, 1);
}

static void an_output_that_is_freed_calls_nobody(void** state) {
        Fixture* f = *state;

        write_numbers(f->out[1], 0, 1500);
        attach(f);
        (void) run(f);
        node_output_finish(f->output, on_finished, f);
        f->output = node_output_free(f->output);
        while (fake_journal_receive(&f->journal))
                (void) run(f);
        assert_int_equal(f->n_finished, 0);
}

/* ---- what others do to us ---- */

static void streams_that_go_to_files_have_no_pipe(void** state) {
        Fixture* f = *state;
        const NodeOutputConfig config = {
                .node = "a", .role = ROLE_STANDALONE, .scope = "a.scope", .pid = 1, .out_fd = -EBADF, .err_fd = -EBADF,
                .state = &f->state,
        };

        assert_int_equal(node_output_new(f->hub, &config, &f->output), 0);
        (void) run(f);
        node_output_finish(f->output, on_finished, f);
        (void) run(f);
        assert_int_equal(f->n_finished, 1);
}

static void what_is_no_pipe_is_refused_and_closed(void** state) {
        Fixture* f = *state;
        const NodeOutputConfig config = {
                .node = "a", .role = ROLE_STANDALONE, .scope = "a.scope", .pid = 1,
                .out_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .err_fd = fd_duplicate(f->err[0]),
                .state = &f->state,
        };

        assert_true(node_output_new(f->hub, &config, &f->output) < 0);
        assert_int_equal(fcntl(config.out_fd, F_GETFD), -1);
        assert_int_equal(fcntl(config.err_fd, F_GETFD), -1);
}

static void a_node_that_reads_its_own_output_hurts_nobody(void** state) {
        Fixture* f = *state;
        unsigned n = 0;

        write_numbers(f->out[1], 0, 3000);
        attach(f);
        for (unsigned i = 0; i < 50; i++) {
                char stolen[100];

                (void) run(f);
                n += fake_journal_receive(&f->journal);
                (void) fcntl(f->out[0], F_SETFL, O_NONBLOCK);
                (void) !read(f->out[0], stolen, sizeof stolen);
        }
        node_output_finish(f->output, on_finished, f);
        while (f->n_finished == 0) {
                (void) run(f);
                n += fake_journal_receive(&f->journal);
        }
        assert_true(n > 0 && n <= 3000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(both_streams_reach_the_journal),
                TEST(changes_are_told_once_a_turn),
                TEST(the_beginning_of_a_line_waits_in_its_pipe),
                TEST(the_last_line_needs_no_newline),
                TEST(an_end_sends_all_and_is_told_once),
                TEST(an_end_after_the_streams_ended_comes_from_the_loop_too),
                TEST(a_descendant_that_keeps_the_pipe_does_not_hold_up_the_end),
                TEST(an_end_waits_for_the_journal),
                TEST(an_output_that_is_freed_calls_nobody),
                TEST(streams_that_go_to_files_have_no_pipe),
                TEST(what_is_no_pipe_is_refused_and_closed),
                TEST(a_node_that_reads_its_own_output_hurts_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
