/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <unistd.h>

#include "supervisor/worker.h"
#include "unit/unit.h"
#include "util/fd.h"

#define PIECES 100

typedef struct Story {
        sd_event* event;
        Worker* worker;
        pthread_t loop, first;
        unsigned n_done;
        int n_works, n_others; /* the worker's own while it is busy */
        int held[2];           /* who works reads from it */
} Story;

static void work(void* userdata) {
        Story* s = userdata;

        if (s->n_works++ == 0)
                s->first = pthread_self();
        s->n_others += pthread_equal(pthread_self(), s->loop) || !pthread_equal(pthread_self(), s->first);
}

static void work_until_released(void* userdata) {
        Story* s = userdata;
        char byte;

        assert_true(read(s->held[0], &byte, 1) == 1);
}

static void on_done(void* userdata) {
        Story* s = userdata;

        assert_false(worker_is_busy(s->worker));
        if (++s->n_done < PIECES)
                assert_int_equal(worker_start(s->worker, work, s), 0);
        else
                assert_true(sd_event_exit(s->event, 0) >= 0);
}

static void begin(Story* s) {
        *s = (Story) { .loop = pthread_self() };
        assert_true(sd_event_new(&s->event) >= 0);
        assert_int_equal(worker_new(s->event, "test", on_done, s, &s->worker), 0);
        assert_true(pipe(s->held) >= 0);
}

static void end(Story* s) {
        sd_event_unref(s->event);
        (void) fd_close(s->held[0]);
        (void) fd_close(s->held[1]);
}

static void one_thread_does_piece_after_piece(void** state) {
        Story s;

        begin(&s);
        assert_int_equal(worker_start(s.worker, work, &s), 0);
        assert_true(worker_is_busy(s.worker));
        assert_true(sd_event_loop(s.event) >= 0);
        assert_int_equal(s.n_works, PIECES);
        assert_int_equal(s.n_others, 0);
        assert_true(worker_free(s.worker));
        end(&s);
}

static void whoever_does_not_want_to_wait_may_look(void** state) {
        Story s;

        begin(&s);
        s.n_done = PIECES; /* the last one */
        assert_int_equal(worker_start(s.worker, work_until_released, &s), 0);
        worker_poll(s.worker);
        assert_true(worker_is_busy(s.worker));
        assert_true(write(s.held[1], "!", 1) == 1);
        while (worker_is_busy(s.worker))
                worker_poll(s.worker);
        assert_int_equal(s.n_done, PIECES + 1);
        assert_true(sd_event_loop(s.event) >= 0);
        assert_int_equal(s.n_done, PIECES + 1); /* it is told once */
        assert_true(worker_free(s.worker));
        end(&s);
}

static void one_that_never_worked_can_go(void** state) {
        Story s;

        begin(&s);
        assert_true(worker_free(s.worker));
        end(&s);
}

static void who_is_at_work_is_left_to_it(void** state) {
        static Story s; /* outlives us */

        begin(&s);
        assert_int_equal(worker_start(s.worker, work_until_released, &s), 0);
        assert_false(worker_free(s.worker));
        assert_true(write(s.held[1], "!", 1) == 1);
        assert_int_equal(s.n_done, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_thread_does_piece_after_piece),
                cmocka_unit_test(whoever_does_not_want_to_wait_may_look),
                cmocka_unit_test(one_that_never_worked_can_go),
                cmocka_unit_test(who_is_at_work_is_left_to_it),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);

        /* and the thread of the last one with us */
        worker_exit(failed);
}
