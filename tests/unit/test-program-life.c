/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/program-life.h"
#include "unit/unit.h"
#include "util/macro.h"

#define SEC(n) ((usec_t) (n) * USEC_PER_SEC)
#define START SEC(1000)

static void it_may_be_asked_from_its_start_to_its_end(void** state) {
        ProgramLife life;

        program_life_init(&life, SEC(1), START);
        assert_true(program_life_takes_questions(&life));
        program_life_runs(&life, START);
        assert_true(program_life_takes_questions(&life));
        program_life_ended(&life, START + SEC(5), START + SEC(5));
        assert_false(program_life_takes_questions(&life));
        assert_int_equal(life.next, START + SEC(5) + PROGRAM_EXIT_USEC);
        program_life_failed(&life, START + SEC(6), 0);
        assert_false(program_life_takes_questions(&life));
        assert_int_equal(life.next, START + SEC(7));
        program_life_starts(&life, START + SEC(7));
        assert_true(program_life_takes_questions(&life));
        program_life_stopped(&life);
        assert_false(program_life_takes_questions(&life));
}

static void a_program_may_take_a_while_before_it_answers_for_the_first_time(void** state) {
        ProgramLife life;

        program_life_init(&life, SEC(1), START);
        assert_true(program_life_was_silent(&life, START + SEC(100)));
        assert_false(program_life_takes_questions(&life));
        assert_int_equal(program_life_patience(&life), USEC_INFINITY);
        program_life_runs(&life, START + SEC(100));
        assert_true(program_life_takes_questions(&life));
        assert_int_equal(program_life_patience(&life), START + SEC(100) + PROGRAM_FIRST_ANSWER_USEC);
        assert_true(program_life_was_silent(&life, START + SEC(100) + PROGRAM_FIRST_ANSWER_USEC - 1));
        assert_false(program_life_was_silent(&life, START + SEC(100) + PROGRAM_FIRST_ANSWER_USEC));
        assert_false(program_life_takes_questions(&life));

        assert_true(program_life_answered(&life));
        assert_false(program_life_answered(&life));
        assert_true(program_life_takes_questions(&life));
        assert_false(program_life_was_silent(&life, START + SEC(101)));

        /* and so it is with each new one */
        program_life_failed(&life, START + SEC(101), START + SEC(101));
        program_life_starts(&life, START + SEC(102));
        program_life_runs(&life, START + SEC(102));
        assert_true(program_life_takes_questions(&life));
        assert_true(program_life_was_silent(&life, START + SEC(103)));
        program_life_failed(&life, START + SEC(107), START + SEC(102));
        program_life_starts(&life, START + SEC(108));
        assert_true(program_life_takes_questions(&life));
}

static void the_delays_grow_and_have_a_limit(void** state) {
        static const usec_t delays[] = { SEC(1),  SEC(1),  SEC(1),  SEC(2),  SEC(2),  SEC(2),  SEC(4),
                                         SEC(4),  SEC(4),  SEC(8),  SEC(8),  SEC(8),  SEC(16), SEC(16),
                                         SEC(16), SEC(32), SEC(32), SEC(32), SEC(60), SEC(60), SEC(60) };
        usec_t now = START;
        ProgramLife life;

        program_life_init(&life, SEC(1), now);
        for (size_t i = 0; i < ELEMENTSOF(delays); i++) {
                now += SEC(3); /* whatever it took to fail */
                if (i % 2) { /* cannot run, or runs and never answers */
                        program_life_runs(&life, now);
                        now += SEC(1);
                        program_life_failed(&life, now, now - SEC(1));
                } else
                        program_life_failed(&life, now, 0);
                assert_int_equal(life.next - now, delays[i]);
                now = life.next;
                program_life_starts(&life, now);
        }
}

static void good_work_makes_up_for_failures(void** state) {
        static const struct {
                usec_t good, delay;
        } cases[] = { { SEC(29), SEC(2) }, { SEC(31), SEC(1) } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t now = START;
                ProgramLife life;

                program_life_init(&life, SEC(1), now);
                for (size_t k = 0; k < 3; k++) {
                        program_life_failed(&life, now, 0);
                        now = life.next;
                        program_life_starts(&life, now);
                }
                program_life_runs(&life, now);
                program_life_failed(&life, now + cases[i].good, now + cases[i].good);
                assert_int_equal(life.next, now + cases[i].good + cases[i].delay);
        }
}

static void lines_pass_for_at_least_as_long_as_they_were_held_up(void** state) {
        ProgramLife life;

        program_life_init(&life, SEC(60), START);
        program_life_runs(&life, START);
        program_life_failed(&life, START + SEC(160), START + SEC(100));
        assert_int_equal(life.next, START + SEC(220));

        /* one that ends was in nobody's way */
        program_life_starts(&life, START + SEC(220));
        program_life_runs(&life, START + SEC(220));
        program_life_failed(&life, START + SEC(280), START + SEC(280));
        assert_int_equal(life.next, START + SEC(281));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_may_be_asked_from_its_start_to_its_end),
                cmocka_unit_test(a_program_may_take_a_while_before_it_answers_for_the_first_time),
                cmocka_unit_test(the_delays_grow_and_have_a_limit),
                cmocka_unit_test(good_work_makes_up_for_failures),
                cmocka_unit_test(lines_pass_for_at_least_as_long_as_they_were_held_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
