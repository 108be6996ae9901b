/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/event-queue.h"
#include "supervisor/journal-writer.h"
#include "unit/fake-journal.h"
#include "unit/scratch.h"

typedef struct Fixture {
        FakeJournal journal;
        sd_event* event;
        JournalWriter* writer;
} Fixture;

static int set_up_without_journal(void** state) {
        Fixture* f = xnew0(Fixture);

        fake_journal_init(&f->journal);
        assert_int_equal(sd_event_new(&f->event), 0);
        *state = f;
        return 0;
}

static int set_up(void** state) {
        (void) set_up_without_journal(state);

        Fixture* f = *state;
        fake_journal_start(&f->journal);
        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        return 0;
}

static int tear_down(void** state) {
        Fixture* f = *state;

        journal_writer_free(f->writer);
        sd_event_unref(f->event);
        fake_journal_done(&f->journal);
        free(f);
        return 0;
}

static int send_text(JournalWriter* w, const char* message) {
        const struct iovec iov[] = {
                { .iov_base = (void*) "MESSAGE=", .iov_len = 8 },
                { .iov_base = (void*) message, .iov_len = strlen(message) },
                { .iov_base = (void*) "\n", .iov_len = 1 },
        };

        return journal_writer_send(w, iov, ELEMENTSOF(iov));
}

/* Sends numbered entries until the journal is full. */
static unsigned fill(Fixture* f) {
        unsigned n = 0;

        while (send_text(f->writer, "filler") == 0)
                n++;
        assert_true(n > 0);
        return n;
}

static unsigned drain(Fixture* f) {
        unsigned n = 0;

        while (fake_journal_receive(&f->journal))
                n++;
        return n;
}

/* Dispatches what there is to do now. */
static unsigned run(Fixture* f) {
        unsigned n = 0;

        while (sd_event_run(f->event, 0) > 0)
                assert_true(++n < 100);
        return n;
}

typedef struct Sender {
        JournalWaiter waiter;
        JournalWriter* writer;
        const char* text;
        unsigned n_woken;
        unsigned n_sent;
        bool insatiable;
} Sender;

static void on_ready(void* userdata) {
        Sender* s = userdata;

        s->n_woken++;
        while (send_text(s->writer, s->text) == 0) {
                s->n_sent++;
                if (!s->insatiable)
                        return;
        }
        journal_writer_wait(s->writer, &s->waiter);
}

static Sender sender(Fixture* f, const char* text) {
        return (Sender) { .writer = f->writer, .text = text, .waiter.ready = on_ready };
}

static void wait_for_journal(Sender* s) {
        s->waiter.userdata = s;
        journal_writer_wait(s->writer, &s->waiter);
}

static void an_entry_is_a_datagram(void** state) {
        Fixture* f = *state;

        assert_int_equal(send_text(f->writer, "one"), 0);
        assert_int_equal(send_text(f->writer, "two"), 0);
        assert_true(fake_journal_receive(&f->journal));
        assert_int_equal(f->journal.size, 12);
        assert_memory_equal(f->journal.data, "MESSAGE=one\n", 12);
        assert_true(fake_journal_receive(&f->journal));
        assert_memory_equal(f->journal.data, "MESSAGE=two\n", 12);
        assert_int_equal(run(f), 0);
}

static void who_waits_is_woken_once_and_in_order(void** state) {
        Fixture* f = *state;
        unsigned n = fill(f);
        Sender a = sender(f, "a"), b = sender(f, "b"), c = sender(f, "c"), gone = sender(f, "gone");

        wait_for_journal(&a);
        wait_for_journal(&gone);
        wait_for_journal(&b);
        wait_for_journal(&b);
        wait_for_journal(&c);
        journal_waiter_cancel(&gone.waiter);
        journal_waiter_cancel(&gone.waiter);
        /* a journal that does not read costs nothing */
        assert_int_equal(run(f), 0);

        assert_int_equal(drain(f), n);
        (void) run(f);
        assert_int_equal(a.n_woken, 1);
        assert_int_equal(b.n_woken, 1);
        assert_int_equal(c.n_woken, 1);
        assert_int_equal(gone.n_woken, 0);
        for (const char* text = "abc"; *text; text++) {
                assert_true(fake_journal_receive(&f->journal));
                assert_true(decoded_equals(&f->journal.entry, "MESSAGE", text, 1));
        }
        assert_int_equal(run(f), 0);
}

static void those_who_want_more_take_turns(void** state) {
        Fixture* f = *state;
        Sender a = sender(f, "a"), b = sender(f, "b");

        a.insatiable = b.insatiable = true;
        (void) fill(f);
        wait_for_journal(&a);
        wait_for_journal(&b);
        for (unsigned i = 1; i <= 5; i++) {
                (void) drain(f);
                (void) run(f);
                (void) drain(f);
                (void) run(f);
                assert_int_equal(a.n_woken, i);
                assert_int_equal(b.n_woken, i);
        }
        journal_waiter_cancel(&a.waiter);
        journal_waiter_cancel(&b.waiter);
}

static void who_floods_waits_behind_who_does_not(void** state) {
        Fixture* f = *state;
        Sender flood = sender(f, "flood"), gone = sender(f, "gone");
        Sender few[JOURNAL_WAITERS_IN_A_ROW + 1];
        unsigned n = 0;

        flood.waiter.floods = gone.waiter.floods = true;
        (void) fill(f);
        wait_for_journal(&gone);
        wait_for_journal(&flood);
        for (unsigned i = 0; i < ELEMENTSOF(few); i++) {
                few[i] = sender(f, "few");
                wait_for_journal(&few[i]);
        }
        journal_waiter_cancel(&gone.waiter);

        (void) drain(f);
        while (run(f) > 0)
                for (; fake_journal_receive(&f->journal); n++)
                        assert_true(decoded_is(&f->journal.entry, "MESSAGE", n == JOURNAL_WAITERS_IN_A_ROW ? "flood" : "few"));
        assert_int_equal(n, ELEMENTSOF(few) + 1);
        assert_int_equal(gone.n_woken, 0);
}

static void what_does_not_fit_goes_as_a_file(void** state) {
        Fixture* f = *state;
        size_t size = 20 * 1024 * 1024;
        _cleanup_free_ char* text = xcalloc(size + 1, 1);

        memset(text, 'x', size);
        assert_int_equal(send_text(f->writer, text), 0);
        assert_true(fake_journal_receive(&f->journal));
        assert_non_null(f->journal.file);
        assert_true(decoded_is(&f->journal.entry, "MESSAGE", text));
}

static void a_journal_that_comes_late_is_waited_for(void** state) {
        Fixture* f = *state;

        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(send_text(f->writer, "early"), -EAGAIN);

        Sender a = sender(f, "a");
        wait_for_journal(&a);
        assert_int_equal(run(f), 0);

        fake_journal_start(&f->journal);
        while (a.n_woken == 0)
                assert_true(sd_event_run(f->event, 10 * 1000000) > 0);
        assert_true(fake_journal_receive(&f->journal));
        assert_true(decoded_is(&f->journal.entry, "MESSAGE", "a"));
}

static void a_journal_that_goes_away_is_full_until_it_is_back(void** state) {
        Fixture* f = *state;
        Sender a = sender(f, "a");

        (void) fill(f);
        wait_for_journal(&a);
        fake_journal_stop(&f->journal);
        /* it may be woken by the end of the socket, but its entry is not taken, and it is not woken over and over */
        (void) run(f);
        assert_true(a.n_woken <= 1);
        assert_int_equal(a.n_sent, 0);
        assert_int_equal(send_text(f->writer, "nobody"), -EAGAIN);

        fake_journal_start(&f->journal);
        while (a.n_sent == 0)
                assert_true(sd_event_run(f->event, 10 * 1000000) > 0);
        assert_true(fake_journal_receive(&f->journal));
        assert_true(decoded_is(&f->journal.entry, "MESSAGE", "a"));
        assert_false(fake_journal_receive(&f->journal));
}

static void send_event(Fixture* f, unsigned number) {
        char text[16];
        const JournalField fields[] = {
                { "MESSAGE", text },
                { "PRIORITY", "6" },
                { "ZEEK_NODE", NULL },
        };

        (void) snprintf(text, sizeof text, "%u", number);
        journal_writer_event(f->writer, fields, ELEMENTSOF(fields));
}

static void assert_event(Fixture* f, unsigned number) {
        char text[16];

        (void) snprintf(text, sizeof text, "%u", number);
        while (!fake_journal_receive(&f->journal))
                assert_true(sd_event_run(f->event, 0) > 0);
        assert_int_equal(f->journal.entry.n, 2);
        assert_true(decoded_is(&f->journal.entry, "MESSAGE", text));
}

static void events_wait_in_order_for_a_full_journal(void** state) {
        Fixture* f = *state;
        unsigned n;

        send_event(f, 0);
        assert_event(f, 0);

        n = fill(f);
        for (unsigned i = 0; i < 100; i++)
                send_event(f, i);
        assert_int_equal(drain(f), n);
        /* the first of these is later than the hundred, though there is room for it */
        send_event(f, 100);
        send_event(f, 101);
        for (unsigned i = 0; i <= 101; i++)
                assert_event(f, i);
        assert_int_equal(run(f), 0);
        assert_int_equal(journal_writer_events_dropped(f->writer), 0);
}

static void events_beyond_the_limit_are_counted(void** state) {
        Fixture* f = *state;

        (void) fill(f);
        for (unsigned i = 0; i < EVENT_QUEUE_MAX + 5; i++)
                send_event(f, i);
        assert_int_equal(journal_writer_events_dropped(f->writer), 5);
        (void) drain(f);
        for (unsigned i = 0; i < EVENT_QUEUE_MAX; i++)
                assert_event(f, i);

        _cleanup_free_ char* text = xcalloc(EVENT_QUEUE_BYTES_MAX, 1);
        memset(text, 'x', EVENT_QUEUE_BYTES_MAX - 1);
        (void) fill(f);
        journal_writer_event(f->writer, &(JournalField) { "MESSAGE", text }, 1);
        assert_int_equal(journal_writer_events_dropped(f->writer), 6);
}

static void waiting_events_get_a_last_chance(void** state) {
        Fixture* f = *state;

        (void) fill(f);
        send_event(f, 7);
        (void) drain(f);
        f->writer = journal_writer_free(f->writer);
        assert_event(f, 7);
}

static void waiting_events_are_left_to_the_next_writer(void** state) {
        _cleanup_scratch_ Scratch scratch = scratch_new();
        _cleanup_free_ char* path = xasprintf("%s/events", scratch.path);
        Fixture* f = *state;

        assert_int_equal(journal_writer_keep_events(f->writer, path), 0);
        (void) fill(f);
        for (unsigned i = 0; i < 3; i++)
                send_event(f, i);
        f->writer = journal_writer_free(f->writer);

        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(journal_writer_keep_events(f->writer, path), 0);
        send_event(f, 3);
        (void) drain(f);
        for (unsigned i = 0; i < 4; i++)
                assert_event(f, i);
        f->writer = journal_writer_free(f->writer);

        assert_int_equal(journal_writer_new(f->event, f->journal.path, &f->writer), 0);
        assert_int_equal(journal_writer_keep_events(f->writer, path), 0);
        assert_int_equal(run(f), 0);
        assert_int_equal(drain(f), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_entry_is_a_datagram, set_up, tear_down),
                cmocka_unit_test_setup_teardown(who_waits_is_woken_once_and_in_order, set_up, tear_down),
                cmocka_unit_test_setup_teardown(those_who_want_more_take_turns, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_does_not_fit_goes_as_a_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(who_floods_waits_behind_who_does_not, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_journal_that_comes_late_is_waited_for, set_up_without_journal,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_journal_that_goes_away_is_full_until_it_is_back, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(events_wait_in_order_for_a_full_journal, set_up, tear_down),
                cmocka_unit_test_setup_teardown(events_beyond_the_limit_are_counted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(waiting_events_get_a_last_chance, set_up, tear_down),
                cmocka_unit_test_setup_teardown(waiting_events_are_left_to_the_next_writer, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
