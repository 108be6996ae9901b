/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include "core/program-life.h"
#include "supervisor/helper-host.h"
#include "supervisor/hook-program.h"
#include "unit/fake-journal.h"
#include "util/strv.h"

#define PATIENCE_USEC (20 * USEC_PER_SEC)
#define FOREVER (60 * USEC_PER_SEC)

/* Stands where the stem and its host would: the test itself is the process. */
struct HelperProcess {
        const HelperProcessHandlers* handlers; /* NULL: nobody wants it any more */
        void* userdata;
        bool killed;
        bool outdated;
};

struct HelperHost {
        HelperHostPlace place;
        HelperProcess process; /* the last one */
        unsigned n_started;
        bool stopped;
};

const HelperHostPlace* helper_host_place(const HelperHost* host) {
        return &host->place;
}

void helper_done(Helper* helper) {
        helper->type->release(helper->subject);
        free(helper->name);
        free(helper->scope);
        free(helper->identifier);
        free(helper->hook);
}

int helper_process_start(HelperHost* host, Helper* helper, const HelperProcessHandlers* handlers, void* userdata,
                         HelperProcess** ret) {
        helper_done(helper);
        if (host->stopped)
                return -ESHUTDOWN;
        assert_null(host->process.handlers);
        host->process = (HelperProcess) { .handlers = handlers, .userdata = userdata };
        host->n_started++;
        *ret = &host->process;
        return 0;
}

HelperProcess* helper_process_end(HelperProcess* p, bool kill) {
        if (p) {
                p->handlers = NULL;
                p->killed = kill;
        }
        return NULL;
}

bool helper_process_is_outdated(const HelperProcess* p) {
        return p->outdated;
}

typedef struct Fixture {
        FakeJournal journal;
        sd_event* event;
        HelperHost host;
        Hook* hook;
        HookProgram* program;
        int questions; /* the program's ends */
        int answers;
        HookAsker asker;
        char told[64]; /* 'p', 'b' and 'f' */
        size_t n_told;
        unsigned n_rooms;
        uint32_t number;
} Fixture;

static void on_answered(void* userdata, uint32_t number, HookAnswer answer) {
        Fixture* f = userdata;

        assert_int_equal(number, f->n_told);
        f->told[f->n_told++ % (sizeof f->told - 1)] = answer == HOOK_ANSWER_PASS ? 'p' : answer == HOOK_ANSWER_BREAK ? 'b' : 'f';
}

static void on_room(void* userdata) {
        Fixture* f = userdata;

        f->n_rooms++;
}

static int set_up(void** state) {
        Fixture* f = xnew0(Fixture);

        (void) signal(SIGPIPE, SIG_IGN);
        fake_journal_init(&f->journal);
        fake_journal_start(&f->journal);
        assert_int_equal(sd_event_new(&f->event), 0);
        f->host.place.event = f->event;
        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->host.place.journal), 0);
        f->hook = hook_new("50-test", "/etc/50-test.hook");
        f->hook->timeout_usec = FOREVER;
        strv_extend(&f->hook->exec, "/bin/program");
        f->questions = f->answers = -EBADF;
        f->asker = (HookAsker) { .answered = on_answered, .room = on_room, .userdata = f };
        *state = f;
        return 0;
}

static void end_program(Fixture* f) {
        f->questions = fd_close(f->questions);
        f->answers = fd_close(f->answers);
}

static int tear_down(void** state) {
        Fixture* f = *state;

        hook_asker_cancel(&f->asker);
        hook_program_free(f->program);
        end_program(f);
        hook_unref(f->hook);
        journal_writer_free(f->host.place.journal);
        sd_event_unref(f->event);
        fake_journal_done(&f->journal);
        free(f);
        return 0;
}

/* ---- the loop ---- */

/* Does what there is to do now. */
static void run(Fixture* f) {
        unsigned n = 0;

        while (sd_event_run(f->event, 0) > 0)
                assert_true(++n < 1000);
}

#define RUN_UNTIL(f, condition)                                                 \
        do {                                                                    \
                usec_t _end = now_usec(CLOCK_MONOTONIC) + PATIENCE_USEC;        \
                while (!(condition)) {                                          \
                        assert_true(now_usec(CLOCK_MONOTONIC) < _end);          \
                        assert_true(sd_event_run((f)->event, 100000) >= 0);     \
                }                                                               \
        } while (0)

/* ---- the program ---- */

static void begin(Fixture* f, usec_t timeout) {
        f->hook->timeout_usec = timeout;
        assert_int_equal(hook_program_new(&f->host, f->hook, &f->program), 0);
        assert_int_equal(f->host.n_started, 1);
}

/* The stem has started it. */
static void let_run(Fixture* f) {
        int questions[2], answers[2];

        assert_int_equal(pipe2(questions, O_CLOEXEC), 0);
        assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
        assert_int_equal(fd_set_nonblocking(questions[0], true), 0);
        assert_int_equal(fd_set_nonblocking(questions[1], true), 0);
        assert_int_equal(fd_set_nonblocking(answers[0], true), 0);
        end_program(f);
        f->questions = questions[0];
        f->answers = answers[1];
        f->host.process.handlers->started(f->host.process.userdata, questions[1], answers[0]);
}

static int ask_line(Fixture* f, const char* line, size_t size) {
        int r = hook_program_ask(f->program, &f->asker, f->number, "worker-1", STREAM_STDOUT, line, size);

        if (r >= 0)
                f->number++;
        return r;
}

static int ask(Fixture* f) {
        return ask_line(f, "x", 1);
}

static void answer(Fixture* f, const char* text) {
        assert_int_equal(write(f->answers, text, strlen(text)), strlen(text));
        run(f);
}

static void assert_questions(Fixture* f, const char* expected) {
        char text[256];
        ssize_t n;

        run(f);
        n = read(f->questions, text, sizeof text - 1);
        text[n < 0 ? 0 : n] = 0;
        assert_string_equal(text, expected);
}

/* It is up to its work: has answered once. */
static void prove(Fixture* f) {
        assert_int_equal(ask(f), 0);
        assert_questions(f, "worker-1\tstdout\tx\n");
        answer(f, "pass\n");
        assert_string_equal(f->told, "p");
}

static void begin_proved(Fixture* f, usec_t timeout) {
        begin(f, timeout);
        let_run(f);
        prove(f);
}

static bool is_wanted(const Fixture* f) {
        return f->host.process.handlers;
}

/* The next event that says that it failed. */
static void expect_failure(Fixture* f, const char* text) {
        do
                assert_true(fake_journal_receive(&f->journal));
        while (!decoded_is(&f->journal.entry, "MESSAGE_ID", "2f2f1013f71c4d70a5bcefcb64fc7e9a"));
        assert_true(decoded_is(&f->journal.entry, "ZEEK_HOOK", "50-test"));
        assert_true(decoded_is(&f->journal.entry, "PRIORITY", "4"));
        assert_true(decoded_is(&f->journal.entry, "OBJECT_SYSTEMD_UNIT", "zeek-hook-50\\x2dtest.scope"));
        if (!decoded_is(&f->journal.entry, "MESSAGE", text))
                fail_msg("not \"%s\": %.*s", text, (int) f->journal.size, f->journal.data);
}

#define MESSAGE(text, n, delay)                                                                                        \
        "The program of hook \"50-test\", /bin/program, " text "; " #n " lines that it was asked about pass, as all do " \
        "until it is started again in " delay " s"

/* ---- tests ---- */

static void questions_get_to_it_and_answers_back(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        assert_int_equal(ask_line(f, "one", 3), 0);
        assert_int_equal(ask_line(f, "two\tthree", 9), 0);
        assert_int_equal(f->n_told, 1);
        assert_questions(f, "worker-1\tstdout\tone\nworker-1\tstdout\ttwo\tthree\n");
        answer(f, "break\npa");
        assert_string_equal(f->told, "pb");
        answer(f, "ss\n");
        assert_string_equal(f->told, "pbp");
}

static void it_is_outdated_when_its_process_is(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        assert_false(hook_program_is_outdated(f->program));
        f->host.process.outdated = true;
        assert_true(hook_program_is_outdated(f->program));
        /* the next one is launched with what is in force then */
        f->host.process.handlers->ended(f->host.process.userdata, "ended");
        assert_false(hook_program_is_outdated(f->program));
}

static void questions_wait_until_it_runs(void** state) {
        Fixture* f = *state;

        begin(f, FOREVER);
        assert_int_equal(ask(f), 0);
        assert_int_equal(ask(f), -EAGAIN);
        run(f);
        let_run(f);
        assert_questions(f, "worker-1\tstdout\tx\n");
        answer(f, "break\n");
        assert_string_equal(f->told, "b");
        assert_int_equal(f->n_rooms, 1);
}

static void lines_pass_while_it_is_slow_to_start(void** state) {
        Fixture* f = *state;

        begin(f, 20 * USEC_PER_MSEC);
        assert_int_equal(ask(f), 0);
        RUN_UNTIL(f, f->n_told == 1);
        assert_string_equal(f->told, "f");
        assert_true(is_wanted(f));
        assert_int_equal(ask(f), -ENOTCONN);

        /* what it was late for is not asked any more */
        let_run(f);
        assert_int_equal(ask_line(f, "y", 1), 0);
        assert_questions(f, "worker-1\tstdout\ty\n");
        answer(f, "break\n");
        assert_string_equal(f->told, "fb");
}

static void lines_pass_until_it_has_answered_for_the_first_time(void** state) {
        Fixture* f = *state;

        begin(f, 20 * USEC_PER_MSEC);
        let_run(f);
        assert_int_equal(ask(f), 0);
        RUN_UNTIL(f, f->n_told == 1);
        assert_string_equal(f->told, "f");
        assert_true(is_wanted(f));
        assert_int_equal(ask(f), -ENOTCONN);

        /* that was for the first line, which is gone */
        answer(f, "break\n");
        assert_string_equal(f->told, "f");
        assert_int_equal(ask(f), 0);
        answer(f, "break\n");
        assert_string_equal(f->told, "fb");
}

static void one_that_falls_silent_has_failed(void** state) {
        Fixture* f = *state;

        begin_proved(f, 20 * USEC_PER_MSEC);
        assert_int_equal(ask(f), 0);
        assert_int_equal(ask(f), 0);
        RUN_UNTIL(f, f->n_told == 3);
        assert_string_equal(f->told, "pff");
        assert_false(is_wanted(f));
        assert_true(f->host.process.killed);
        assert_int_equal(ask(f), -ENOTCONN);
        expect_failure(f, MESSAGE("did not answer within 0.02 s", 2, "1"));

        /* and is started again */
        RUN_UNTIL(f, f->host.n_started == 2);
        let_run(f);
        assert_int_equal(ask_line(f, "again", 5), 0);
        assert_questions(f, "worker-1\tstdout\tagain\n");
        answer(f, "break\n");
        assert_string_equal(f->told, "pffb");
}

static void who_asks_one_that_does_not_read_is_told_in_time_too(void** state) {
        _cleanup_free_ char* line = xcalloc(300000, 1); /* more than the pipe takes */
        Fixture* f = *state;

        memset(line, 'a', 300000);
        begin_proved(f, 100 * USEC_PER_MSEC);
        assert_int_equal(ask_line(f, line, 300000), 0);
        assert_int_equal(ask(f), -EAGAIN);
        RUN_UNTIL(f, f->n_told == 2);
        assert_string_equal(f->told, "pf");
        assert_int_equal(f->n_rooms, 1);
        assert_int_equal(ask(f), -ENOTCONN);
        expect_failure(f, MESSAGE("did not answer within 0.1 s", 1, "1"));
}

static void one_that_ends_says_how(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        assert_int_equal(ask(f), 0);
        assert_int_equal(ask(f), 0);
        run(f);
        assert_int_equal(write(f->answers, "break\n", 6), 6);
        end_program(f);
        run(f);
        assert_string_equal(f->told, "pbf"); /* nobody waits to know how */
        assert_true(is_wanted(f));
        assert_int_equal(ask(f), -ENOTCONN);
        f->host.process.handlers->ended(f->host.process.userdata, "exited with status 3");
        assert_false(is_wanted(f));
        expect_failure(f, MESSAGE("exited with status 3", 1, "1"));
}

static void what_it_said_before_its_end_counts(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        assert_int_equal(ask(f), 0);
        run(f);
        assert_int_equal(write(f->answers, "break\n", 6), 6);
        f->host.process.handlers->ended(f->host.process.userdata, "was killed by signal SIGKILL");
        assert_string_equal(f->told, "pb");
        expect_failure(f, MESSAGE("was killed by signal SIGKILL", 0, "1"));
}

static void one_that_closes_its_output_and_stays_is_ended(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        f->answers = fd_close(f->answers);
        RUN_UNTIL(f, !is_wanted(f));
        assert_true(f->host.process.killed);
        expect_failure(f, MESSAGE("closed its standard input or output", 0, "1"));
}

static void one_that_closes_its_input_cannot_be_asked(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        f->questions = fd_close(f->questions);
        assert_int_equal(ask(f), 0);
        run(f);
        assert_string_equal(f->told, "pf");
        assert_int_equal(ask(f), -ENOTCONN);
}

static void one_that_lies_is_killed(void** state) {
        static const struct {
                const char* says;
                const char* told;
                const char* message;
        } cases[] = {
                { "break\nwell\n", "pbf", MESSAGE("answered neither \"pass\" nor \"break\" but \"well\"", 1, "1") },
                { "pass\npass\npass\n", "ppp", MESSAGE("gave more answers than there were questions", 0, "1") },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture* f;

                if (i > 0) {
                        tear_down(state);
                        set_up(state);
                }
                f = *state;
                begin_proved(f, FOREVER);
                assert_int_equal(ask(f), 0);
                assert_int_equal(ask(f), 0);
                run(f);
                answer(f, cases[i].says);
                assert_string_equal(f->told, cases[i].told);
                assert_true(f->host.process.killed);
                expect_failure(f, cases[i].message);
        }
}

static void one_that_cannot_be_started_has_failed(void** state) {
        Fixture* f = *state;

        begin(f, FOREVER);
        assert_int_equal(ask(f), 0);
        const HelperProcess process = f->host.process;
        f->host.process.handlers = NULL;
        process.handlers->failed(process.userdata, "execute /bin/program: No such file or directory");
        assert_string_equal(f->told, "f");
        expect_failure(f, MESSAGE("could not be started: execute /bin/program: No such file or directory", 1, "1"));
        RUN_UNTIL(f, f->host.n_started == 2);
}

static void those_who_have_asked_are_told_of_its_removal(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        assert_int_equal(ask(f), 0);
        f->program = hook_program_free(f->program);
        assert_string_equal(f->told, "pf");
        assert_false(is_wanted(f));
        assert_false(f->host.process.killed); /* it may say good-bye */
}

static void a_host_that_stops_takes_it_away(void** state) {
        Fixture* f = *state;

        begin_proved(f, FOREVER);
        const HelperProcess process = f->host.process;
        f->host.process.handlers = NULL;
        f->host.stopped = true;
        process.handlers->stopped(process.userdata);
        assert_int_equal(ask(f), -ENOTCONN);
        run(f);
        assert_int_equal(f->host.n_started, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(questions_get_to_it_and_answers_back),
                TEST(it_is_outdated_when_its_process_is),
                TEST(questions_wait_until_it_runs),
                TEST(lines_pass_while_it_is_slow_to_start),
                TEST(lines_pass_until_it_has_answered_for_the_first_time),
                TEST(one_that_falls_silent_has_failed),
                TEST(who_asks_one_that_does_not_read_is_told_in_time_too),
                TEST(one_that_ends_says_how),
                TEST(what_it_said_before_its_end_counts),
                TEST(one_that_closes_its_output_and_stays_is_ended),
                TEST(one_that_closes_its_input_cannot_be_asked),
                TEST(one_that_lies_is_killed),
                TEST(one_that_cannot_be_started_has_failed),
                TEST(those_who_have_asked_are_told_of_its_removal),
                TEST(a_host_that_stops_takes_it_away),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
