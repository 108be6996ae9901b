/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A daemon's way of lines from a node's two pipes to a journal, with the test at both ends. */

#include <sys/ioctl.h>

#include "supervisor/node-output.h"
#include "unit/fake-journal.h"

typedef struct Fixture {
        FakeJournal journal;
        sd_event* event;
        JournalWriter* writer;
        OutputHub* hub;
        NodeOutputState state;
        NodeOutput* output;
        int out[2]; /* the node's stdout: we keep the read end too, as zeek-stem does */
        int err[2];
        usec_t rate_limit_interval; /* the node's, for attach() */
        uint64_t rate_limit_burst;
        unsigned n_changed;
        unsigned n_finished;
} Fixture;

static inline void daemon_start(Fixture* f) {
        assert_int_equal(sd_event_new(&f->event), 0);
        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(output_hub_new(f->event, f->writer, &f->hub), 0);
}

static inline void daemon_stop(Fixture* f) {
        f->output = node_output_free(f->output);
        f->hub = output_hub_free(f->hub);
        f->writer = journal_writer_free(f->writer);
        f->event = sd_event_unref(f->event);
}

static inline int set_up(void** state) {
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

static inline int tear_down(void** state) {
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

static inline void on_changed(void* userdata) {
        Fixture* f = userdata;

        f->n_changed++;
}

static inline void attach_with(Fixture* f, size_t line_max) {
        const NodeOutputConfig config = {
                .node = "worker-1",
                .role = ROLE_WORKER,
                .scope = "zeek-node-worker\\x2d1.scope",
                .pid = 4711,
                .line_max = line_max,
                .rate_limit_interval = f->rate_limit_interval,
                .rate_limit_burst = f->rate_limit_burst,
                .out_fd = fd_duplicate(f->out[0]),
                .err_fd = fd_duplicate(f->err[0]),
                .state = &f->state,
                .changed = on_changed,
                .userdata = f,
        };

        assert_int_equal(node_output_new(f->hub, &config, &f->output), 0);
}

static inline void attach(Fixture* f) {
        attach_with(f, LINE_MAX_DEFAULT);
}

static inline void say(int fd, const char* text) {
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Dispatches what there is to do now; never does a pipe or a journal keep the loop busy for nothing. */
static inline unsigned run(Fixture* f) {
        unsigned n = 0;

        while (sd_event_run(f->event, 0) > 0)
                assert_true(++n < 1000);
        return n;
}

static inline void expect(Fixture* f, const char* stream, const char* message) {
        if (!fake_journal_receive(&f->journal))
                fail_msg("the journal does not have \"%s\"", message);
        if (!decoded_is(&f->journal.entry, "MESSAGE", message))
                fail_msg("not \"%s\": %.*s", message, (int) f->journal.size, f->journal.data);
        assert_true(decoded_is(&f->journal.entry, "ZEEK_STREAM", stream));
}

static inline void expect_nothing(Fixture* f) {
        assert_false(fake_journal_receive(&f->journal));
}

static inline size_t bytes_in(int fd) {
        int n;

        assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
        return (size_t) n;
}

/* ---- numbered lines, to see that none is missing ---- */

static inline void write_numbers(int fd, unsigned from, unsigned to) {
        for (unsigned i = from; i < to; i++) {
                char line[32];

                assert_true(write(fd, line, (size_t) snprintf(line, sizeof line, "%u\n", i)) > 0);
        }
}

/* The first number that is still in the pipe. */
static inline unsigned first_in_pipe(int fd, unsigned otherwise) {
        PipeWindow w;
        unsigned number = otherwise;

        assert_int_equal(pipe_window_init(&w), 0);
        if (pipe_window_show(&w, &w, fd, 16) > 0)
                number = (unsigned) strtoul(pipe_window_data(&w), NULL, 10);
        pipe_window_done(&w);
        return number;
}

static inline unsigned received_number(Fixture* f) {
        const DecodedField* message = decoded_field(&f->journal.entry, "MESSAGE");

        assert_non_null(message);
        return (unsigned) strtoul(message->value, NULL, 10);
}

/* Receives all there are; they go on where n is. */
static inline void receive_numbers(Fixture* f, unsigned* n) {
        while (fake_journal_receive(&f->journal))
                assert_int_equal(received_number(f), (*n)++);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
