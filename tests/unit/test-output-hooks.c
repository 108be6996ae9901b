/* SPDX-License-Identifier: BSD-3-Clause */
/* What hooks and limits make of a node's lines on their way to the journal. */
#include "unit/output-fixture.h"

static void on_refused(const Hook* hook, const HookPattern* pattern, size_t offset, const char* why, void* userdata) {
        fail_msg("%s: %s", pattern->text, why);
}

/* Takes the hook over and puts it into force, alone. The caller frees the chain, when it is in force no more. */
static HookChain* force(Fixture* f, Hook* hook) {
        HookChain* chain = hook_chain_new(&hook, 1, on_refused, NULL);

        hook_unref(hook);
        output_hub_set_hooks(f->hub, chain, NULL);
        return chain;
}

static void release(Fixture* f, HookChain* chain) {
        output_hub_set_hooks(f->hub, NULL, NULL);
        hook_chain_free(chain);
}

static Hook* hook_that(const char* pattern, HookAction action) {
        Hook* hook = hook_new("hook", HOOK_SOURCE_RUNTIME);

        hook_add_pattern(hook, pattern, 0, 0);
        hook->action = action;
        return hook;
}

static void assert_counted(const Fixture* f, uint64_t forwarded, uint64_t suppressed, uint64_t dropped) {
        assert_int_equal(f->state.lines_forwarded, forwarded);
        assert_int_equal(f->state.lines_suppressed, suppressed);
        assert_int_equal(f->state.lines_dropped, dropped);
}

static void lines_that_are_suppressed_leave_the_pipe(void** state) {
        Fixture* f = *state;
        HookChain* chain = force(f, hook_that("^noise", HOOK_SUPPRESS));

        attach(f);
        say(f->out[1], "noise 1\nsound\nnoise 2\n");
        (void) run(f);
        expect(f, "stdout", "sound");
        expect_nothing(f);
        assert_int_equal(bytes_in(f->out[0]), 0);
        assert_counted(f, 1, 2, 0);
        assert_int_equal(hook_chain_counters(chain, 0)->suppressed, 2);
        assert_true(f->n_changed > 0);
        release(f, chain);
}

static void a_flood_that_is_suppressed_needs_no_journal(void** state) {
        Fixture* f = *state;
        HookChain* chain = force(f, hook_that("[0-9]", HOOK_SUPPRESS));

        fake_journal_stop(&f->journal);
        attach(f);
        write_numbers(f->out[1], 0, 10000);
        (void) run(f);
        assert_int_equal(bytes_in(f->out[0]), 0);
        assert_counted(f, 0, 10000, 0);
        release(f, chain);
}

static void changes_are_in_the_entry(void** state) {
        Fixture* f = *state;
        Hook* hook = hook_that("error", HOOK_GO_ON);
        HookChain* chain;

        hook->priority = 3;
        hook_set_field(hook, "KIND", "oops");
        chain = force(f, hook);
        attach(f);
        say(f->out[1], "an error\nfine\n");
        say(f->err[1], "error without a newline");
        (void) fd_close(f->err[1]);
        (void) run(f);

        for (unsigned i = 0; i < 2; i++) {
                expect(f, "stdout", i == 0 ? "an error" : "fine");
                assert_true(decoded_is(&f->journal.entry, "PRIORITY", i == 0 ? "3" : "6"));
                assert_int_equal(decoded_is(&f->journal.entry, "KIND", "oops"), i == 0);
        }
        expect(f, "stderr", "error without a newline");
        assert_true(decoded_is(&f->journal.entry, "PRIORITY", "3"));
        assert_true(decoded_is(&f->journal.entry, "KIND", "oops"));
        f->err[1] = -EBADF;
        release(f, chain);
}

static void pieces_of_long_lines_are_changed_alike(void** state) {
        Fixture* f = *state;
        Hook* hook = hook_that("x", HOOK_PASS);
        char line[200];
        HookChain* chain;

        hook->priority = 2;
        hook_set_field(hook, "KIND", "long");
        chain = force(f, hook);
        memset(line, 'x', sizeof line);
        line[sizeof line - 1] = '\n';
        attach_with(f, 64);
        assert_int_equal(write(f->out[1], line, sizeof line), sizeof line);
        (void) run(f);
        for (unsigned i = 1; i <= 4; i++) {
                char number[8];

                (void) snprintf(number, sizeof number, "%u", i);
                assert_true(fake_journal_receive(&f->journal));
                assert_true(decoded_is(&f->journal.entry, "ZEEK_LINE_PART", number));
                assert_true(decoded_is(&f->journal.entry, "KIND", "long"));
                assert_true(decoded_is(&f->journal.entry, "PRIORITY", "2"));
        }
        expect_nothing(f);
        release(f, chain);
}

/* A line that the journal did not take is judged again, and counted once. */
static void counters_are_exact_when_the_journal_is_full(void** state) {
        Fixture* f = *state;
        HookChain* chain = force(f, hook_that("[02468]$", HOOK_SUPPRESS));
        unsigned n = 0;

        attach(f);
        write_numbers(f->out[1], 0, 4000);
        for (unsigned odd = 1; odd < 4000;) {
                (void) run(f);
                while (fake_journal_receive(&f->journal)) {
                        assert_int_equal(received_number(f), odd);
                        odd += 2;
                        n++;
                }
        }
        (void) run(f);
        assert_int_equal(n, 2000);
        assert_counted(f, 2000, 2000, 0);
        assert_int_equal(hook_chain_counters(chain, 0)->matched, 2000);
        release(f, chain);
}

static void other_hooks_are_in_force_from_the_next_line_on(void** state) {
        Fixture* f = *state;
        HookChain *first = force(f, hook_that("one", HOOK_SUPPRESS)), *second;

        attach(f);
        say(f->out[1], "one\ntwo\n");
        (void) run(f);
        second = force(f, hook_that("two", HOOK_SUPPRESS));
        hook_chain_free(first);
        say(f->out[1], "one\ntwo\n");
        (void) run(f);
        release(f, second);
        say(f->out[1], "two\n");
        (void) run(f);
        expect(f, "stdout", "two");
        expect(f, "stdout", "one");
        expect(f, "stdout", "two");
        expect_nothing(f);
}

/* ---- limits ---- */

static void lines_beyond_the_limit_are_dropped_and_counted(void** state) {
        Fixture* f = *state;
        unsigned n = 0;

        f->rate_limit_interval = 3600 * USEC_PER_SEC;
        f->rate_limit_burst = 10;
        attach(f);
        write_numbers(f->out[1], 0, 100);
        (void) run(f);
        receive_numbers(f, &n);
        assert_int_equal(n, 10);
        assert_int_equal(bytes_in(f->out[0]), 0);
        assert_counted(f, 10, 0, 90);
        say(f->err[1], "the limit is one of the node, not of a stream\n");
        (void) run(f);
        expect_nothing(f);
        assert_counted(f, 10, 0, 91);

        /* at the latest when the node is gone the journal is told how many they were */
        f->output = node_output_free(f->output);
        (void) run(f);
        assert_true(fake_journal_receive(&f->journal));
        assert_true(decoded_is(&f->journal.entry, "ZEEK_LINES_DROPPED", "91"));
        assert_true(decoded_is(&f->journal.entry, "ZEEK_NODE", "worker-1"));
        expect_nothing(f);
}

static void the_end_of_the_interval_tells_what_was_dropped(void** state) {
        Fixture* f = *state;

        f->rate_limit_interval = 10 * USEC_PER_MSEC;
        f->rate_limit_burst = 1;
        attach(f);
        while (f->state.lines_dropped == 0) {
                while (fake_journal_receive(&f->journal))
                        ;
                say(f->out[1], "line\nline\nline\nline\n");
                (void) run(f);
        }
        do
                while (!fake_journal_receive(&f->journal))
                        assert_true(sd_event_run(f->event, UINT64_MAX) > 0);
        while (!decoded_field(&f->journal.entry, "ZEEK_LINES_DROPPED"));
}

static void what_hooks_suppress_counts_for_no_limit(void** state) {
        Fixture* f = *state;
        HookChain* chain = force(f, hook_that("noise", HOOK_SUPPRESS));

        f->rate_limit_interval = 3600 * USEC_PER_SEC;
        f->rate_limit_burst = 2;
        attach(f);
        say(f->out[1], "noise\nnoise\nnoise\none\ntwo\n");
        (void) run(f);
        expect(f, "stdout", "one");
        expect(f, "stdout", "two");
        assert_counted(f, 2, 3, 0);
        release(f, chain);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(lines_that_are_suppressed_leave_the_pipe),
                TEST(a_flood_that_is_suppressed_needs_no_journal),
                TEST(changes_are_in_the_entry),
                TEST(pieces_of_long_lines_are_changed_alike),
                TEST(counters_are_exact_when_the_journal_is_full),
                TEST(other_hooks_are_in_force_from_the_next_line_on),
                TEST(lines_beyond_the_limit_are_dropped_and_counted),
                TEST(the_end_of_the_interval_tells_what_was_dropped),
                TEST(what_hooks_suppress_counts_for_no_limit),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
