/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/helper-lines.h"
#include "unit/fake-journal.h"

typedef struct Fixture {
        FakeJournal journal;
        sd_event* event;
        JournalWriter* writer;
        HelperLines* errors;
        int fd; /* the program's */
} Fixture;

static int set_up(void** state) {
        const HelperLinesOrigin origin = { .identifier = "zeek-hook-50-test",
                                           .hook = "50-test",
                                           .scope = "zeek-hook-50\\x2dtest.scope",
                                           .priority = 4,
                                           .pid = 4711 };
        Fixture* f = xnew0(Fixture);
        int fds[2];

        fake_journal_init(&f->journal);
        fake_journal_start(&f->journal);
        assert_int_equal(sd_event_new(&f->event), 0);
        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(fd_set_nonblocking(fds[0], true), 0);
        assert_int_equal(helper_lines_new(f->event, f->writer, &origin, fds[0], &f->errors), 0);
        f->fd = fds[1];
        *state = f;
        return 0;
}

static int tear_down(void** state) {
        Fixture* f = *state;

        helper_lines_free(f->errors);
        f->fd = fd_close(f->fd);
        journal_writer_free(f->writer);
        sd_event_unref(f->event);
        fake_journal_done(&f->journal);
        free(f);
        return 0;
}

static void run(Fixture* f) {
        unsigned n = 0;

        while (sd_event_run(f->event, 0) > 0)
                assert_true(++n < 1000);
}

static void say(Fixture* f, const char* text, size_t size) {
        assert_int_equal(write(f->fd, text, size), size);
        run(f);
}

static void expect(Fixture* f, const char* message) {
        if (!fake_journal_receive(&f->journal))
                fail_msg("the journal does not have \"%s\"", message);
        if (!decoded_is(&f->journal.entry, "MESSAGE", message))
                fail_msg("not \"%s\": %.*s", message, (int) f->journal.size, f->journal.data);
}

static void each_line_is_a_warning_of_the_hook(void** state) {
        Fixture* f = *state;

        say(f, "one\n\ntw", 7);
        expect(f, "one");
        assert_true(decoded_is(&f->journal.entry, "PRIORITY", "4"));
        assert_true(decoded_is(&f->journal.entry, "SYSLOG_IDENTIFIER", "zeek-hook-50-test"));
        assert_true(decoded_is(&f->journal.entry, "ZEEK_HOOK", "50-test"));
        assert_true(decoded_is(&f->journal.entry, "OBJECT_PID", "4711"));
        assert_true(decoded_is(&f->journal.entry, "OBJECT_SYSTEMD_UNIT", "zeek-hook-50\\x2dtest.scope"));
        assert_null(decoded_field(&f->journal.entry, "ZEEK_NODE"));
        assert_false(fake_journal_receive(&f->journal));
        say(f, "o\nPRIORITY=0\n", 13);
        expect(f, "two");
        expect(f, "PRIORITY=0");
        assert_true(decoded_is(&f->journal.entry, "PRIORITY", "4"));
        say(f, "three", 5);
        f->fd = fd_close(f->fd);
        run(f);
        expect(f, "three");
        assert_false(fake_journal_receive(&f->journal));
}

static void long_lines_are_cut(void** state) {
        char line[HELPER_LINES_LINE_MAX + 4] = {};
        Fixture* f = *state;

        memset(line, 'a', HELPER_LINES_LINE_MAX);
        memcpy(line + HELPER_LINES_LINE_MAX, "bc\n", 3);
        say(f, line, HELPER_LINES_LINE_MAX + 3);
        line[HELPER_LINES_LINE_MAX] = 0;
        expect(f, line);
        expect(f, "bc");
}

static void last_words_are_said(void** state) {
        Fixture* f = *state;

        assert_int_equal(write(f->fd, "one\ntwo", 7), 7);
        f->errors = helper_lines_free(f->errors);
        expect(f, "one");
        expect(f, "two");
}

/* 500 lines in 30 s; this is quicker. */
static void too_many_lines_are_counted(void** state) {
        Fixture* f = *state;
        unsigned n = 0;

        for (unsigned i = 0; i < HELPER_LINES_BURST + 7; i++) {
                say(f, "spam\n", 5);
                while (fake_journal_receive(&f->journal)) {
                        assert_true(decoded_is(&f->journal.entry, "MESSAGE", "spam"));
                        n++;
                }
        }
        assert_int_equal(n, HELPER_LINES_BURST);
        f->errors = helper_lines_free(f->errors);
        expect(f, "7 lines were dropped, the program prints too many");
}

static void a_full_journal_pushes_back(void** state) {
        Fixture* f = *state;
        unsigned n_said = 0, n = 0;
        char text[32];

        /* more than journal and buffer take */
        for (; n_said < 400; n_said++)
                assert_true(write(f->fd, text, (size_t) snprintf(text, sizeof text, "%u\n", n_said)) > 0);
        run(f);
        while (fake_journal_receive(&f->journal)) {
                (void) snprintf(text, sizeof text, "%u", n++);
                assert_true(decoded_is(&f->journal.entry, "MESSAGE", text));
                run(f);
        }
        assert_int_equal(n, n_said);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(each_line_is_a_warning_of_the_hook),
                TEST(long_lines_are_cut),
                TEST(last_words_are_said),
                TEST(too_many_lines_are_counted),
                TEST(a_full_journal_pushes_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
