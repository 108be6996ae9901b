/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output/program-queue.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define MSEC(n) ((usec_t) (n) * USEC_PER_MSEC)
#define TIMEOUT MSEC(1000)
#define START MSEC(5000)

typedef struct Asker {
        HookAsker asker;
        ProgramQueue* queue;
        char told[64]; /* 'p', 'b' and 'f', in the order in which it was told */
        size_t n_told;
        uint32_t last;       /* number of the last answer */
        unsigned n_answered;
        unsigned n_rooms;
        unsigned wants; /* questions that it asks when there is room: at once, or in a turn of its own */
        bool has_turns;
        unsigned turn; /* a number in the order in which they were woken; 0: it has none */
        unsigned n_asked;
        size_t line_size;
} Asker;

static usec_t now;
static bool kicked;
static unsigned n_turns;

static void on_kick(void* userdata) {
        kicked = true;
}

static void on_answered(void* userdata, uint32_t number, HookAnswer answer) {
        Asker* a = userdata;

        assert_int_equal(number, a->n_answered); /* in the order of its questions */
        a->n_answered++;
        if (a->n_told < sizeof a->told - 1)
                a->told[a->n_told++] = answer == HOOK_ANSWER_PASS ? 'p' : answer == HOOK_ANSWER_BREAK ? 'b' : 'f';
}

static int ask_line(Asker* a, size_t size) {
        static const char line[2 * HOOK_QUESTIONS_BYTES_MAX] = {};
        int r = program_queue_ask(a->queue, &a->asker, a->n_asked, "n", STREAM_STDOUT, line, size, now);

        if (r >= 0)
                a->n_asked++;
        return r;
}

static int ask(Asker* a) {
        return ask_line(a, a->line_size);
}

static void take_turn(Asker* a) {
        a->turn = 0;
        while (a->wants > 0 && ask(a) >= 0)
                a->wants--;
}

/* They outlive the queue, whatever becomes of the test. */
static Asker askers[24];
static size_t n_askers;

static Asker* first_turn(void) {
        Asker* first = NULL;

        for (size_t i = 0; i < n_askers; i++)
                if (askers[i].turn > 0 && (!first || askers[i].turn < first->turn))
                        first = &askers[i];
        return first;
}

static void on_room(void* userdata) {
        Asker* a = userdata;

        a->n_rooms++;
        if (a->has_turns)
                a->turn = ++n_turns;
        else
                take_turn(a);
}

static Asker* new_asker(ProgramQueue* q) {
        Asker* a = &askers[n_askers++];

        assert_true(n_askers <= ELEMENTSOF(askers));
        *a = (Asker) { .queue = q, .asker = { .answered = on_answered, .room = on_room, .userdata = a } };
        return a;
}

static void write_all(ProgramQueue* q) {
        size_t size;

        (void) program_queue_unsent(q, &size);
        program_queue_sent(q, size);
}

static int hear(ProgramQueue* q, const char* text, char** ret_fault) {
        return program_queue_answered(q, text, strlen(text), now, ret_fault);
}

/* The program reads all that was asked and answers n of it. */
static void answer(ProgramQueue* q, unsigned n) {
        char* fault = NULL;

        write_all(q);
        for (unsigned i = 0; i < n; i++)
                assert_int_equal(hear(q, "pass\n", &fault), 0);
        program_queue_give_room(q, now);
}

static int set_up(void** state) {
        ProgramQueue* q = xnew0(ProgramQueue);

        now = START;
        n_askers = 0;
        kicked = false;
        program_queue_init(q, TIMEOUT, on_kick, NULL);
        *state = q;
        return 0;
}

static int tear_down(void** state) {
        ProgramQueue* q = *state;

        for (size_t i = 0; i < n_askers; i++)
                hook_asker_cancel(&askers[i].asker);
        assert_int_equal(program_queue_fail(q), 0);
        program_queue_done(q);
        free(q);
        return 0;
}

static void answers_go_to_those_who_asked(void** state) {
        ProgramQueue* q = *state;
        char* fault = NULL;
        Asker *a = new_asker(q), *b = new_asker(q);
        size_t size;

        q->window = 8;
        assert_int_equal(program_queue_ask(q, &a->asker, 0, "worker-1", STREAM_STDOUT, "one", 3, now), 0);
        assert_int_equal(program_queue_ask(q, &b->asker, 0, "worker-2", STREAM_STDERR, "two", 3, now), 0);
        assert_int_equal(program_queue_ask(q, &a->asker, 1, "worker-1", STREAM_STDERR, "three", 5, now), 0);
        assert_int_equal(a->asker.n_asked, 2);

        const char* unsent = program_queue_unsent(q, &size);
        const char* expected = "worker-1\tstdout\tone\nworker-2\tstderr\ttwo\nworker-1\tstderr\tthree\n";
        assert_int_equal(size, strlen(expected));
        assert_memory_equal(unsent, expected, size);
        program_queue_sent(q, 25);
        unsent = program_queue_unsent(q, &size);
        assert_memory_equal(unsent, expected + 25, size);
        write_all(q);
        assert_null(program_queue_unsent(q, &size));

        assert_int_equal(hear(q, "pass\nbre", &fault), 0);
        assert_string_equal(a->told, "p");
        assert_string_equal(b->told, "");
        assert_int_equal(hear(q, "ak\nbreak\n", &fault), 0);
        assert_string_equal(a->told, "pb");
        assert_string_equal(b->told, "b");
        assert_int_equal(a->asker.n_asked, 0);
        assert_int_equal(program_queue_deadline(q), USEC_INFINITY);
}

static void the_oldest_question_says_when_it_is_too_late(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        q->window = 4;
        assert_int_equal(ask(a), 0);
        now += MSEC(10);
        assert_int_equal(ask(a), 0);
        assert_int_equal(program_queue_deadline(q), START + TIMEOUT);
        answer(q, 1);
        assert_int_equal(program_queue_deadline(q), START + MSEC(10) + TIMEOUT);

        program_queue_excuse(q, START + MSEC(700));
        assert_int_equal(program_queue_deadline(q), START + MSEC(700) + TIMEOUT);
}

static void a_program_that_lies_is_found_out(void** state) {
        static const struct {
                const char* says;
                const char* told;
                const char* fault;
        } cases[] = {
                { "pass\nyes\n", "p", "answered neither \"pass\" nor \"break\" but \"yes\"" },
                { "\n", "", "answered neither \"pass\" nor \"break\" but \"\"" },
                { "break\nbreak\nbreak\n", "bb", "gave more answers than there were questions" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ProgramQueue* q = *state;
                char* fault = NULL;
                Asker* a = new_asker(q);

                q->window = 4;
                assert_int_equal(ask(a), 0);
                assert_int_equal(ask(a), 0);
                write_all(q);
                assert_int_equal(hear(q, cases[i].says, &fault), -EBADMSG);
                assert_string_equal(fault, cases[i].fault);
                assert_string_equal(a->told, cases[i].told);
                free(fault);
                (void) program_queue_fail(q);
        }
}

static void an_answer_that_comes_before_its_question_was_sent_is_a_lie(void** state) {
        ProgramQueue* q = *state;
        char* fault = NULL;
        size_t size;
        Asker* a = new_asker(q);

        assert_int_equal(ask_line(a, 100), 0);
        (void) program_queue_unsent(q, &size);
        program_queue_sent(q, size - 1);
        assert_int_equal(hear(q, "pass\n", &fault), -EBADMSG);
        assert_string_equal(a->told, "");
        free(fault);
}

static void everybody_is_told_of_a_failure_and_nobody_of_a_new_one(void** state) {
        ProgramQueue* q = *state;
        char* fault = NULL;
        size_t size;
        Asker *a = new_asker(q), *b = new_asker(q);

        q->window = 2;
        assert_int_equal(ask(a), 0);
        while (ask(b) >= 0)
                ;
        write_all(q);
        assert_int_equal(hear(q, "pas", &fault), 0);

        assert_int_equal(program_queue_fail(q), 2);
        assert_string_equal(a->told, "f");
        assert_string_equal(b->told, "f");
        assert_int_equal(a->n_rooms, 0);
        assert_int_equal(b->n_rooms, 1);
        assert_null(program_queue_unsent(q, &size));
        assert_int_equal(program_queue_fail(q), 0);

        /* nothing of the old process is left: neither half an answer nor what it had to be sent */
        assert_int_equal(ask(a), 0);
        write_all(q);
        assert_int_equal(hear(q, "break\n", &fault), 0);
        assert_string_equal(a->told, "fb");
}

static void answers_that_come_too_late_are_nobodys(void** state) {
        ProgramQueue* q = *state;
        Asker *a = new_asker(q), *b = new_asker(q);
        char* fault = NULL;

        q->window = 2;
        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(b), -EAGAIN);
        write_all(q);
        assert_int_equal(hear(q, "pas", &fault), 0);
        assert_int_equal(program_queue_pass(q), 2);
        assert_string_equal(a->told, "ff");
        assert_int_equal(a->asker.n_asked, 0);
        assert_int_equal(b->n_rooms, 1);
        assert_int_equal(program_queue_pass(q), 0);

        assert_int_equal(hear(q, "s\n", &fault), 0);
        assert_int_equal(ask(a), 0);
        write_all(q);
        assert_int_equal(hear(q, "pass\nbreak\n", &fault), 0);
        assert_string_equal(a->told, "ffb");
}

static void who_leaves_is_told_nothing_and_its_answers_are_nobody_elses(void** state) {
        ProgramQueue* q = *state;
        char* fault = NULL;
        Asker *a = new_asker(q), *b = new_asker(q), *c = new_asker(q);

        q->window = 4;
        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(b), 0);
        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(b), 0);
        assert_int_equal(ask(a), -EAGAIN);
        assert_int_equal(ask(c), -EAGAIN);
        assert_int_equal(q->n_waiting, 2);
        hook_asker_cancel(&a->asker);
        hook_asker_cancel(&a->asker);
        assert_int_equal(a->asker.n_asked, 0);
        assert_int_equal(q->n_waiting, 1);

        write_all(q);
        c->wants = 1;
        assert_int_equal(hear(q, "break\npass\nbreak\npass\n", &fault), 0);
        program_queue_give_room(q, now);
        assert_string_equal(a->told, "");
        assert_int_equal(a->n_rooms, 0);
        assert_string_equal(b->told, "pp");
        assert_int_equal(c->n_asked, 1);
        hook_asker_cancel(&c->asker);
        assert_int_equal(program_queue_fail(q), 0); /* nobody's line passes for it */
}

static void the_window_grows_while_answers_come_soon(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        assert_int_equal(q->window, 1);
        for (unsigned round = 0; round < 25; round++) {
                while (ask(a) >= 0)
                        ;
                hook_asker_cancel(&a->asker);
                        now += TIMEOUT / 4;
                answer(q, q->n_asked);
        }
        assert_int_equal(q->window, HOOK_QUESTIONS_MAX);
}

static void the_window_does_not_grow_for_those_who_ask_little(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        q->window = 8;
        for (unsigned i = 0; i < 100; i++) {
                assert_int_equal(ask(a), 0);
                answer(q, 1);
        }
        assert_int_equal(q->window, 8);
}

static void a_slow_program_is_not_asked_more_than_it_can_answer(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        /* 40 ms an answer, one after the other, flat out: it would fail if it were asked more than 25 at once */
        for (unsigned i = 0; i < 1000; i++) {
                while (ask(a) >= 0)
                        ;
                now += MSEC(40);
                assert_true(now < program_queue_deadline(q));
                answer(q, 1);
        }
        assert_in_range(q->window, 4, 12);
}

static void a_program_that_becomes_slower_is_asked_less(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        q->window = 64;
        while (ask(a) >= 0)
                ;
        now += MSEC(600);
        answer(q, 1);
        assert_int_equal(q->window, 32);
        answer(q, 63); /* those that were under way count as one */
        assert_int_equal(q->window, 32);
        assert_int_equal(ask(a), 0);
        now += MSEC(600);
        answer(q, 1);
        assert_int_equal(q->window, 1);
        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(a), -EAGAIN);
}

static void bytes_are_limited_but_a_single_long_line_is_asked_about(void** state) {
        ProgramQueue* q = *state;
        size_t size;
        Asker* a = new_asker(q);

        q->window = 8;
        assert_int_equal(ask_line(a, HOOK_QUESTIONS_BYTES_MAX), 0);
        assert_int_equal(ask_line(a, 1), -EAGAIN);
        answer(q, 1);
        assert_int_equal(a->n_rooms, 1);
        assert_int_equal(ask_line(a, HOOK_QUESTIONS_BYTES_MAX - 100), 0);
        assert_int_equal(ask_line(a, 200), -EAGAIN);
        (void) program_queue_unsent(q, &size);
        assert_true(size < HOOK_QUESTIONS_BYTES_MAX);
}

static void memory_for_a_very_long_line_is_given_back(void** state) {
        ProgramQueue* q = *state;
        Asker* a = new_asker(q);

        assert_int_equal(ask_line(a, 2 * HOOK_QUESTIONS_BYTES_MAX), 0);
        assert_true(q->allocated > 2 * HOOK_QUESTIONS_BYTES_MAX);
        answer(q, 1);
        assert_int_equal(q->allocated, 0);
}

static void who_waits_comes_before_who_comes_later(void** state) {
        ProgramQueue* q = *state;
        Asker *a = new_asker(q), *b = new_asker(q), *c = new_asker(q);

        assert_int_equal(ask(a), 0);
        b->wants = 1;
        assert_int_equal(ask(b), -EAGAIN);
        assert_int_equal(ask(b), -EAGAIN);
        assert_int_equal(q->n_waiting, 1);
        write_all(q);

        char* fault = NULL;
        assert_int_equal(hear(q, "pass\n", &fault), 0);
        assert_int_equal(ask(c), -EAGAIN); /* there is room, but not for c */
        program_queue_give_room(q, now);
        assert_int_equal(b->n_asked, 1);
        assert_int_equal(b->n_rooms, 1);
}

static void room_is_shared(void** state) {
        ProgramQueue* q = *state;
        Asker *some[4], *first = new_asker(q);

        q->window = 64;
        for (unsigned i = 0; i < 64; i++)
                assert_int_equal(ask(first), 0);
        for (size_t i = 0; i < 4; i++) {
                some[i] = new_asker(q);
                assert_int_equal(ask(some[i]), -EAGAIN);
                some[i]->wants = 1000;
        }

        answer(q, 64);
        unsigned window = q->window, sum = 0;
        for (size_t i = 0; i < 4; i++) {
                assert_in_range(some[i]->n_asked, window / 6, window / 3);
                sum += some[i]->n_asked;
        }
        assert_int_equal(sum, window);
        assert_int_equal(q->n_waiting, 4);

        /* one at a time, too */
        for (unsigned i = 0; i < 40; i++)
                answer(q, 1);
        for (size_t i = 0; i < 4; i++)
                assert_in_range(some[i]->n_asked, (q->window + 40) / 6, (q->window + 40) / 3);
}

/* Each asks as much as it may whenever it has a turn, and all of them have turns in the order in which they were woken, as
 * the outputs of nodes do. */
static void room_is_shared_among_those_who_ask_in_their_turns(void** state) {
        static const unsigned windows[] = { 1, 2, 3, 64 };

        for (size_t w = 0; w < ELEMENTSOF(windows); w++) {
                ProgramQueue* q = *state;
                Asker *some[4], *next;

                n_askers = 0;
                q->window = windows[w];
                for (size_t i = 0; i < 4; i++) {
                        some[i] = new_asker(q);
                        some[i]->has_turns = true;
                        some[i]->wants = 1000000;
                        take_turn(some[i]);
                }
                assert_int_equal(some[0]->n_asked, windows[w]); /* while nobody else wanted it */
                for (unsigned round = 0; round < 400; round++) {
                        unsigned n_before = q->n_asked;

                        now += TIMEOUT / 3; /* the window stays as it is */
                        write_all(q);
                        for (unsigned n = 0; n < n_before; n++) {
                                char* fault = NULL;

                                assert_int_equal(hear(q, "pass\n", &fault), 0);
                        }
                        /* whoever has all its answers is woken before those who wait, and asks again at once */
                        for (size_t i = 0; i < 4; i++)
                                if (some[i]->asker.n_asked == 0 && !LIST_FIRST(&some[i]->asker.waits))
                                        take_turn(some[i]);
                        program_queue_give_room(q, now);
                        while ((next = first_turn()))
                                take_turn(next);
                        assert_true(q->n_asked > 0);
                }
                unsigned all = 0;
                for (size_t i = 0; i < 4; i++)
                        all += some[i]->n_asked;
                assert_true(all >= 390 * windows[w]);
                for (size_t i = 0; i < 4; i++)
                        assert_in_range(some[i]->n_asked, all / 5, all / 3);
                for (size_t i = 0; i < 4; i++)
                        hook_asker_cancel(&some[i]->asker);
                (void) program_queue_fail(q);
        }
}

static void who_does_not_come_loses_its_turn(void** state) {
        ProgramQueue* q = *state;
        Asker *a = new_asker(q), *b = new_asker(q), *c = new_asker(q);

        assert_int_equal(ask(a), 0);
        b->has_turns = true;
        c->wants = 1;
        assert_int_equal(ask(b), -EAGAIN);
        assert_int_equal(ask(c), -EAGAIN);
        now += TIMEOUT / 3;
        answer(q, 1);
        assert_true(b->turn);
        assert_int_equal(c->n_rooms, 0); /* it is b's */
        assert_int_equal(ask(a), -EAGAIN);
        assert_int_equal(program_queue_patience(q), now + TIMEOUT);
        now += TIMEOUT - 1;
        program_queue_give_room(q, now);
        assert_int_equal(c->n_rooms, 0);
        now += 1;
        program_queue_give_room(q, now);
        assert_int_equal(c->n_asked, 1);
        assert_int_equal(ask(b), -EAGAIN);
}

static void who_leaves_makes_room(void** state) {
        ProgramQueue* q = *state;
        Asker *a = new_asker(q), *b = new_asker(q), *c = new_asker(q);

        assert_int_equal(ask(a), 0);
        b->has_turns = true;
        c->wants = 1;
        assert_int_equal(ask(b), -EAGAIN);
        assert_int_equal(ask(c), -EAGAIN);
        now += TIMEOUT / 3;
        answer(q, 1);
        assert_false(kicked);
        hook_asker_cancel(&b->asker);
        assert_true(kicked);
        program_queue_give_room(q, now);
        assert_int_equal(c->n_asked, 1);
}

static void a_long_line_is_not_overtaken_for_ever(void** state) {
        ProgramQueue* q = *state;
        Asker *small = new_asker(q), *large = new_asker(q);

        q->window = 64;
        small->line_size = 8 * 1024;
        large->line_size = 200 * 1024;
        while (ask(small) >= 0)
                ;
        small->wants = 1000;
        large->wants = 1;
        assert_int_equal(ask(large), -EAGAIN);

        unsigned rounds = 0;
        while (large->n_asked == 0) {
                assert_true(++rounds < 40);
                answer(q, 1);
        }
        answer(q, q->n_asked);
        assert_true(small->n_asked > 40);
        small->wants = 0;
}

static void who_has_room_and_asks_nothing_holds_nobody_up(void** state) {
        ProgramQueue* q = *state;
        Asker *a = new_asker(q), *b = new_asker(q);

        assert_int_equal(ask(a), 0);
        assert_int_equal(ask(a), -EAGAIN);
        assert_int_equal(ask(b), -EAGAIN);
        b->wants = 1;
        answer(q, 1);
        assert_int_equal(a->n_rooms, 1);
        assert_int_equal(b->n_asked, 1);
        assert_int_equal(q->n_waiting, 0);
}

/* Anybody may do anything at any time. The program answers "break" to every third of all questions. */
static void nothing_is_lost_or_told_twice_whatever_happens(void** state) {
        enum { ASKERS = 12 };
        ProgramQueue* q = *state;
        unsigned n_sent_lines = 0;

        srand(4711);
        for (size_t i = 0; i < ASKERS; i++)
                new_asker(q)->has_turns = i % 2;
        for (unsigned step = 0; step < 100000; step++) {
                Asker* a = &askers[rand() % ASKERS];
                char* fault = NULL;
                size_t size;

                now += (usec_t) (rand() % 2000);
                switch (rand() % 8) {
                case 0:
                        if (a->turn && rand() % 10)
                                take_turn(a);
                        break;
                case 1:
                        a->line_size = (size_t) (rand() % 100 == 0 ? rand() % 300000 : rand() % 200);
                        for (int n = rand() % 20; n > 0; n--)
                                if (ask(a) < 0) {
                                        a->wants = (unsigned) n;
                                        break;
                                }
                        break;
                case 2:
                case 3:
                        (void) program_queue_unsent(q, &size);
                        program_queue_sent(q, rand() % 4 ? size : size / 2);
                        break;
                case 4:
                case 5:
                case 6:
                        /* as many as it can have seen */
                        for (int n = rand() % 20; n > 0 && q->n_asked > 0 && q->total_sent == q->total_asked; n--)
                                assert_int_equal(hear(q, n_sent_lines++ % 3 ? "pass\n" : "break\n", &fault), 0);
                        program_queue_give_room(q, now);
                        break;
                case 7:
                        if (rand() % 50 == 0) {
                                hook_asker_cancel(&a->asker);
                                n_askers = (size_t) (a - askers);
                                new_asker(q)->has_turns = rand() % 2;
                                n_askers = ASKERS;
                                if (kicked)
                                        program_queue_give_room(q, now);
                                kicked = false;
                        }
                        break;
                }

                unsigned sum = 0;
                for (size_t i = 0; i < ASKERS; i++) {
                        assert_int_equal(askers[i].n_asked - askers[i].n_answered, askers[i].asker.n_asked);
                        sum += askers[i].asker.n_asked;
                }
                assert_true(sum <= q->n_asked);
                assert_in_range(q->window, 1, HOOK_QUESTIONS_MAX);
                /* whoever waits will have room: somebody will be answered, or has it and may come or not */
                assert_true(q->n_waiting == 0 || q->n_asked > 0 || program_queue_patience(q) <= now + TIMEOUT);
                if (program_queue_patience(q) <= now)
                        program_queue_give_room(q, now);
        }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(answers_go_to_those_who_asked),
                TEST(the_oldest_question_says_when_it_is_too_late),
                TEST(a_program_that_lies_is_found_out),
                TEST(an_answer_that_comes_before_its_question_was_sent_is_a_lie),
                TEST(everybody_is_told_of_a_failure_and_nobody_of_a_new_one),
                TEST(answers_that_come_too_late_are_nobodys),
                TEST(who_leaves_is_told_nothing_and_its_answers_are_nobody_elses),
                TEST(the_window_grows_while_answers_come_soon),
                TEST(the_window_does_not_grow_for_those_who_ask_little),
                TEST(a_slow_program_is_not_asked_more_than_it_can_answer),
                TEST(a_program_that_becomes_slower_is_asked_less),
                TEST(bytes_are_limited_but_a_single_long_line_is_asked_about),
                TEST(memory_for_a_very_long_line_is_given_back),
                TEST(who_waits_comes_before_who_comes_later),
                TEST(room_is_shared),
                TEST(room_is_shared_among_those_who_ask_in_their_turns),
                TEST(who_does_not_come_loses_its_turn),
                TEST(who_leaves_makes_room),
                TEST(a_long_line_is_not_overtaken_for_ever),
                TEST(who_has_room_and_asks_nothing_holds_nobody_up),
                TEST(nothing_is_lost_or_told_twice_whatever_happens),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
