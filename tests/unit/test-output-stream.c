/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal, the node, and the end of the daemon do to a stream. */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "unit/output-fixture.h"

/* ---- a journal that is full ---- */

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
        uint64_t in_socket;

        write_numbers(f->out[1], 0, 10000);
        attach(f);
        /* The flood fills the journal, and comes behind the others from its second turn on. */
        for (unsigned turn = 0; turn < 2; turn++) {
                n += fake_journal_receive(&f->journal);
                (void) run(f);
        }
        in_socket = f->state.lines_forwarded;
        say(f->err[1], "quiet\n");
        for (;;) {
                (void) run(f);
                if (!fake_journal_receive(&f->journal))
                        continue;
                if (decoded_is(&f->journal.entry, "ZEEK_STREAM", "stderr"))
                        break;
                n++;
        }
        /* what was in the journal's socket already, and no turn of the flood */
        assert_int_equal(n, in_socket);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_full_journal_keeps_lines_in_the_pipe),
                TEST(a_node_that_floods_does_not_keep_the_others_waiting),
                TEST(a_turn_is_bounded),
                TEST(a_mebibyte_without_newline_comes_in_pieces),
                TEST(a_large_write_behind_a_small_one_is_seen),
                TEST(writes_that_fill_a_pipe_badly_do_not_cut_a_line),
                TEST(packets_of_a_byte_do_not_lock_up_a_pipe),
                TEST(a_pipe_grows_no_more_than_its_lines_need),
                TEST(a_new_daemon_goes_on_where_the_old_one_was),
                TEST(nothing_is_lost_when_the_daemon_is_killed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
