/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "supervisor/node-output.h"
#include "unit/fake-journal.h"
#include "util/strv.h"

typedef struct Fixture {
        FakeJournal journal;
        sd_event* event;
        JournalWriter* writer;
        OutputHub* hub;
        NodeOutputState state;
        NodeOutput* output;
        int out[2]; /* the node's stdout: we keep the read end too, as zeek-stem does */
        int err[2];
        unsigned n_changed;
        unsigned n_finished;
} Fixture;

static void daemon_start(Fixture* f) {
        assert_int_equal(sd_event_new(&f->event), 0);
        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(output_hub_new(f->event, f->writer, &f->hub), 0);
}

static void daemon_stop(Fixture* f) {
        f->output = node_output_free(f->output);
        f->hub = output_hub_free(f->hub);
        f->writer = journal_writer_free(f->writer);
        f->event = sd_event_unref(f->event);
}

static int set_up(void** state) {
        Fixture* f = xnew0(Fixture);

        fake_journal_init(&f->journal);
        fake_journal_start(&f->journal);
        daemon_start(f);
        node_output_state_init(&f->state);
        assert_int_equal(pipe2(f->out, O_CLOEXEC), 0);
        assert_int_equal(pipe2(f->err, O_CLOEXEC), 0);
        *state = f;
        return 0;
}

static int tear_down(void** state) {
        Fixture* f = *state;

        daemon_stop(f);
        node_output_state_done(&f->state);
        fake_journal_done(&f->journal);
        for (unsigned i = 0; i < 2; i++) {
                (void) fd_close(f->out[i]);
                (void) fd_close(f->err[i]);
        }
        free(f);
        return 0;
}

static void on_changed(void* userdata) {
        Fixture* f = userdata;

        f->n_changed++;
}

static void attach_with(Fixture* f, size_t line_max) {
        const NodeOutputConfig config = {
                .node = "worker-1",
                .role = "worker",
                .scope = "zeek-node-worker\\x2d1.scope",
                .pid = 4711,
                .line_max = line_max,
                .out_fd = fd_duplicate(f->out[0]),
                .err_fd = fd_duplicate(f->err[0]),
                .state = &f->state,
                .changed = on_changed,
                .userdata = f,
        };

        assert_int_equal(node_output_new(f->hub, &config, &f->output), 0);
}

static void attach(Fixture* f) {
        attach_with(f, LINE_MAX_DEFAULT);
}

static void say(int fd, const char* text) {
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Dispatches what there is to do now; never does a pipe or a journal keep the loop busy for nothing. */
static unsigned run(Fixture* f) {
        unsigned n = 0;

        while (sd_event_run(f->event, 0) > 0)
                assert_true(++n < 1000);
        return n;
}

static void expect(Fixture* f, const char* stream, const char* message) {
        if (!fake_journal_receive(&f->journal))
                fail_msg("the journal does not have \"%s\"", message);
        if (!decoded_is(&f->journal.entry, "MESSAGE", message))
                fail_msg("not \"%s\": %.*s", message, (int) f->journal.size, f->journal.data);
        assert_true(decoded_is(&f->journal.entry, "ZEEK_STREAM", stream));
}

static void expect_nothing(Fixture* f) {
        assert_false(fake_journal_receive(&f->journal));
}

static size_t bytes_in(int fd) {
        int n;

        assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
        return (size_t) n;
}

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

/* ---- a journal that is full ---- */

static void write_numbers(int fd, unsigned from, unsigned to) {
        for (unsigned i = from; i < to; i++) {
                char line[32];

                assert_true(write(fd, line, (size_t) snprintf(line, sizeof line, "%u\n", i)) > 0);
        }
}

/* The first number that is still in the pipe; before: numbers below it are not expected there. */
static unsigned first_in_pipe(int fd, unsigned otherwise) {
        PipeWindow w;
        unsigned number = otherwise;

        assert_int_equal(pipe_window_init(&w), 0);
        if (pipe_window_show(&w, &w, fd, 16) > 0)
                number = (unsigned) strtoul(pipe_window_data(&w), NULL, 10);
        pipe_window_done(&w);
        return number;
}

static unsigned received_number(Fixture* f) {
        const DecodedField* message = decoded_field(&f->journal.entry, "MESSAGE");

        assert_non_null(message);
        return (unsigned) strtoul(message->value, NULL, 10);
}

/* Receives all there are; they go on where n is. */
static void receive_numbers(Fixture* f, unsigned* n) {
        while (fake_journal_receive(&f->journal))
                assert_int_equal(received_number(f), (*n)++);
}

static void a_full_journal_keeps_lines_in_the_pipe(void** state) {
        Fixture* f = *state;
        unsigned n = 0, before;

        write_numbers(f->out[1], 0, 2000);
        attach(f);
        (void) run(f);
        do {
                before = n;
                assert_int_equal(run(f), 0);
                receive_numbers(f, &n);
                assert_int_equal(first_in_pipe(f->out[0], 2000), n);
                assert_int_equal(f->state.lines_forwarded, n);
                (void) run(f);
        } while (n > before);
        assert_int_equal(n, 2000);
        assert_int_equal(bytes_in(f->out[0]), 0);
}

static void a_node_that_floods_does_not_keep_the_others_waiting(void** state) {
        Fixture* f = *state;
        unsigned n = 0;

        write_numbers(f->out[1], 0, 10000);
        attach(f);
        (void) run(f);
        say(f->err[1], "quiet\n");
        for (;;) {
                (void) run(f);
                if (!fake_journal_receive(&f->journal))
                        continue;
                if (decoded_is(&f->journal.entry, "ZEEK_STREAM", "stderr"))
                        break;
                n++;
        }
        /* what was in the journal's socket already, and one turn */
        assert_true(n < 1000 + OUTPUT_TURN_BYTES / OUTPUT_STEP_BYTES);
        while (n < 10000) {
                (void) run(f);
                n += fake_journal_receive(&f->journal);
        }
}

/* A journal whose queue is as long as journald's under systemd, which raises the limit at boot. It is taken from the
 * network namespace in which the socket is made. */
static void start_long_journal(Fixture* f) {
        _cleanup_close_ int old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        int r = unshare(CLONE_NEWNET);

        if (old < 0 || r < 0)
                skip(); /* not root */
        _cleanup_close_ int limit = open("/proc/sys/net/unix/max_dgram_qlen", O_WRONLY | O_CLOEXEC);
        assert_int_equal(write(limit, "512", 3), 3);
        daemon_stop(f);
        fake_journal_stop(&f->journal);
        fake_journal_start(&f->journal);
        daemon_start(f);
        assert_int_equal(setns(old, CLONE_NEWNET), 0);
}

static void a_turn_is_bounded(void** state) {
        Fixture* f = *state;
        uint64_t largest = 0, before = 0;

        start_long_journal(f);
        write_numbers(f->out[1], 0, 10000);
        attach(f);
        while (before < 10000) {
                assert_true(sd_event_run(f->event, 10 * USEC_PER_SEC) > 0);
                largest = max_u64(largest, f->state.lines_forwarded - before);
                before = f->state.lines_forwarded;
                while (fake_journal_receive(&f->journal))
                        ;
        }
        assert_true(largest > 100 && largest <= OUTPUT_TURN_BYTES / OUTPUT_STEP_BYTES);
}

/* ---- long lines ---- */

static pid_t fork_writer(Fixture* f, const char* begin, char fill, size_t size, const char* end, size_t chunk, int flags) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                char* data = malloc(size);
                bool good = data && (flags == 0 || fcntl(f->out[1], F_SETFL, flags) >= 0);

                if (good) {
                        memset(data, fill, size);
                        good = write(f->out[1], begin, strlen(begin)) == (ssize_t) strlen(begin);
                }
                for (size_t done = 0; good && done < size; done += chunk)
                        good = write(f->out[1], data + done, min_size(chunk, size - done)) > 0;
                good = good && write(f->out[1], end, strlen(end)) == (ssize_t) strlen(end);
                _exit(good ? 0 : 1);
        }
        f->out[1] = fd_close(f->out[1]);
        return pid;
}

/* Receives the pieces of one line until its last; returns its size, and the number of pieces. */
static size_t receive_line(Fixture* f, unsigned* ret_pieces) {
        size_t size = 0;

        *ret_pieces = 0;
        for (;;) {
                char part[16];

                while (!fake_journal_receive(&f->journal))
                        assert_true(sd_event_run(f->event, 10 * USEC_PER_SEC) > 0);
                size += decoded_field(&f->journal.entry, "MESSAGE")->size;
                if (!decoded_field(&f->journal.entry, "ZEEK_LINE_PART")) {
                        assert_int_equal(*ret_pieces, 0);
                        return size;
                }
                (void) snprintf(part, sizeof part, "%u", ++*ret_pieces);
                assert_true(decoded_is(&f->journal.entry, "ZEEK_LINE_PART", part));
                if (!decoded_is(&f->journal.entry, "ZEEK_LINE_BREAK", "line-max"))
                        return size;
        }
}

static void assert_exited_well(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void a_mebibyte_without_newline_comes_in_pieces(void** state) {
        Fixture* f = *state;
        unsigned pieces;

        attach(f);
        pid_t pid = fork_writer(f, "", 'x', 1024 * 1024, "\nend", 1024 * 1024, 0);
        assert_int_equal(receive_line(f, &pieces), 1024 * 1024);
        assert_int_equal(pieces, 22);
        assert_int_equal(receive_line(f, &pieces), 3);
        assert_int_equal(pieces, 0);
        assert_exited_well(pid);
}

/* The kernel wakes nobody for a write that fills a pipe with something in it and sleeps. */
static void a_large_write_behind_a_small_one_is_seen(void** state) {
        Fixture* f = *state;
        unsigned pieces;

        attach(f);
        say(f->out[1], "begin");
        (void) run(f);
        pid_t pid = fork_writer(f, "", 'x', 1024 * 1024, "\n", 1024 * 1024, 0);
        assert_int_equal(receive_line(f, &pieces), 1024 * 1024 + 5);
        assert_int_equal(pieces, 22);
        assert_exited_well(pid);
}

static void writes_that_fill_a_pipe_badly_do_not_cut_a_line(void** state) {
        Fixture* f = *state;
        unsigned pieces;

        /* half a page and a byte: no two of them share a page, and 64 KiB hold 32 KiB of them */
        attach(f);
        pid_t pid = fork_writer(f, "", 'x', 48 * 1024, "\n", 2049, 0);
        assert_int_equal(receive_line(f, &pieces), 48 * 1024);
        assert_int_equal(pieces, 0);
        assert_exited_well(pid);
}

static void packets_of_a_byte_do_not_lock_up_a_pipe(void** state) {
        Fixture* f = *state;
        unsigned pieces;

        attach(f);
        pid_t pid = fork_writer(f, "", 'x', 5000, "\n", 1, O_DIRECT);
        assert_int_equal(receive_line(f, &pieces), 5000);
        assert_true(pieces > 5000 / 512 && pieces < 5000 / 16);
        assert_exited_well(pid);
}

static void a_pipe_grows_no_more_than_its_lines_need(void** state) {
        Fixture* f = *state;
        unsigned pieces;

        /* it grows, but not beyond what its lines need */
        assert_true(fcntl(f->out[0], F_SETPIPE_SZ, 4096) >= 4096);
        attach_with(f, 1000);
        pid_t pid = fork_writer(f, "", 'x', 9999, "\n", 9999, 0);
        assert_int_equal(receive_line(f, &pieces), 9999);
        assert_int_equal(pieces, 10);
        assert_exited_well(pid);
        assert_true(fcntl(f->out[0], F_GETPIPE_SZ) <= 16 * 1024);
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
                .node = "a", .role = "standalone", .scope = "a.scope", .pid = 1, .out_fd = -EBADF, .err_fd = -EBADF,
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
                .node = "a", .role = "standalone", .scope = "a.scope", .pid = 1,
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

/* ---- a daemon that ends at any moment ---- */

static unsigned random_below(unsigned n) {
        static uint64_t x = 88172645463325252ULL;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return (unsigned) (x % n);
}

static void a_new_daemon_goes_on_where_the_old_one_was(void** state) {
        Fixture* f = *state;
        unsigned written = 0, n = 0;

        while (n < 5000) {
                unsigned more = written < 5000 ? random_below(min_u64(5000 - written, 300) + 1) : 0;

                if (bytes_in(f->out[0]) < 32 * 1024) {
                        write_numbers(f->out[1], written, written + more);
                        written += more;
                }
                daemon_stop(f);
                daemon_start(f);
                attach(f);
                for (unsigned i = random_below(6); i > 0; i--) {
                        (void) sd_event_run(f->event, 0);
                        if (random_below(2) == 0)
                                receive_numbers(f, &n);
                }
                receive_numbers(f, &n);
                assert_int_equal(first_in_pipe(f->out[0], written), n);
        }
        assert_int_equal(f->state.lines_forwarded, 5000);
}

/* The daemon in a process of its own, to be killed at any instruction. */
static pid_t fork_daemon(Fixture* f) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                /* the parent's epoll is shared with it, and not ours to touch */
                daemon_start(f);
                attach(f);
                for (;;)
                        if (sd_event_run(f->event, UINT64_MAX) < 0)
                                _exit(1);
        }
        return pid;
}

static void nothing_is_lost_when_the_daemon_is_killed(void** state) {
        Fixture* f = *state;
        unsigned written = 0, n = 0, repeats = 0, kills = 0;

        daemon_stop(f);
        (void) fcntl(f->journal.fd, F_SETFL, 0);
        while (n < 20000) {
                pid_t pid = fork_daemon(f);
                unsigned quota = random_below(600), repeats_before = repeats;
                int status;

                for (unsigned i = 0; i < quota && n < 20000; i++) {
                        if (bytes_in(f->out[0]) < 16 * 1024 && written < 20000) {
                                write_numbers(f->out[1], written, written + 100);
                                written += 100;
                        }
                        assert_true(fake_journal_receive(&f->journal));
                        assert_true(received_number(f) <= n);
                        if (received_number(f) == n)
                                n++;
                        else
                                repeats++;
                }
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                /* what one killed daemon had in flight comes again with the next one, or the one after it */
                assert_true(repeats - repeats_before <= 2 * OUTPUT_BATCH_LINES);
                kills++;
        }
        assert_true(repeats <= kills * OUTPUT_BATCH_LINES);
        print_message("%u lines, %u kills, %u repeats\n", n, kills, repeats);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(both_streams_reach_the_journal),
                TEST(changes_are_told_once_a_turn),
                TEST(the_beginning_of_a_line_waits_in_its_pipe),
                TEST(the_last_line_needs_no_newline),
                TEST(a_full_journal_keeps_lines_in_the_pipe),
                TEST(a_node_that_floods_does_not_keep_the_others_waiting),
                TEST(a_turn_is_bounded),
                TEST(a_mebibyte_without_newline_comes_in_pieces),
                TEST(a_large_write_behind_a_small_one_is_seen),
                TEST(writes_that_fill_a_pipe_badly_do_not_cut_a_line),
                TEST(packets_of_a_byte_do_not_lock_up_a_pipe),
                TEST(a_pipe_grows_no_more_than_its_lines_need),
                TEST(an_end_sends_all_and_is_told_once),
                TEST(an_end_after_the_streams_ended_comes_from_the_loop_too),
                TEST(a_descendant_that_keeps_the_pipe_does_not_hold_up_the_end),
                TEST(an_end_waits_for_the_journal),
                TEST(an_output_that_is_freed_calls_nobody),
                TEST(streams_that_go_to_files_have_no_pipe),
                TEST(what_is_no_pipe_is_refused_and_closed),
                TEST(a_node_that_reads_its_own_output_hurts_nobody),
                TEST(a_new_daemon_goes_on_where_the_old_one_was),
                TEST(nothing_is_lost_when_the_daemon_is_killed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
