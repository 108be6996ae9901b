/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "core/slice-plan.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define _cleanup_slice_plan_ _cleanup_(slice_plan_done)

static void expect_place(const SlicePlace* place, Role role, unsigned number) {
        assert_true(place->held);
        assert_int_equal(place->role, role);
        assert_int_equal(place->number, number);
}

static void take_all(SlicePlan* plan, SlicePlace* places, size_t n, Role role, uint64_t per_slice) {
        for (size_t i = 0; i < n; i++)
                slice_plan_take(plan, &places[i], role, per_slice);
}

static void the_first_lie_in_the_slice_of_the_role_and_further_ones_below_it(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[7] = {};

        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 3);
        for (unsigned i = 0; i < ELEMENTSOF(places); i++)
                expect_place(&places[i], ROLE_WORKER, i / 3);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 2), 1);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 3), 0);
}

static void roles_do_not_count_each_other(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace workers[4] = {}, logger = {};

        take_all(&plan, workers, ELEMENTSOF(workers), ROLE_WORKER, 2);
        slice_plan_take(&plan, &logger, ROLE_LOGGER, 2);
        expect_place(&logger, ROLE_LOGGER, 0);
}

static void without_a_limit_all_lie_in_one_slice(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[300] = {};

        take_all(&plan, places, ELEMENTSOF(places), ROLE_PROXY, 0);
        assert_int_equal(slice_plan_count(&plan, ROLE_PROXY, 0), ELEMENTSOF(places));
}

static void who_comes_gets_the_lowest_number_with_room(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[6] = {}, next[3] = {};

        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 2);
        slice_plan_leave(&plan, &places[3]);
        slice_plan_leave(&plan, &places[0]);
        assert_false(places[0].held);
        slice_plan_take(&plan, &next[0], ROLE_WORKER, 2);
        expect_place(&next[0], ROLE_WORKER, 0);
        slice_plan_take(&plan, &next[1], ROLE_WORKER, 2);
        expect_place(&next[1], ROLE_WORKER, 1);
        slice_plan_take(&plan, &next[2], ROLE_WORKER, 2);
        expect_place(&next[2], ROLE_WORKER, 3);
}

static void a_place_is_kept_whatever_the_limit_has_become(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[6] = {}, next = {};

        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 2);
        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 0);
        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 64);
        for (unsigned i = 0; i < ELEMENTSOF(places); i++)
                expect_place(&places[i], ROLE_WORKER, i / 2);
        slice_plan_take(&plan, &next, ROLE_WORKER, 64);
        expect_place(&next, ROLE_WORKER, 0);
}

static void a_place_of_another_role_is_given_up(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[3] = {};

        take_all(&plan, places, ELEMENTSOF(places), ROLE_WORKER, 1);
        slice_plan_take(&plan, &places[2], ROLE_PROXY, 1);
        expect_place(&places[2], ROLE_PROXY, 0);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 2), 0);
}

static void who_is_found_somewhere_counts_there_however_full_it_is(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace found[3] = {}, next = {};

        for (size_t i = 0; i < ELEMENTSOF(found); i++)
                slice_plan_join(&plan, &found[i], ROLE_WORKER, 5);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 5), 3);
        slice_plan_join(&plan, &found[0], ROLE_WORKER, 5);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 5), 3);
        slice_plan_join(&plan, &found[0], ROLE_WORKER, 0);
        assert_int_equal(slice_plan_count(&plan, ROLE_WORKER, 5), 2);
        slice_plan_take(&plan, &next, ROLE_WORKER, 1);
        expect_place(&next, ROLE_WORKER, 1);
}

static void nobody_gets_a_place_in_a_slice_that_is_closed(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        SlicePlace places[3] = {};

        slice_plan_close(&plan, ROLE_WORKER, 1);
        assert_true(slice_plan_is_closed(&plan, ROLE_WORKER, 1));
        slice_plan_take(&plan, &places[0], ROLE_WORKER, 1);
        slice_plan_take(&plan, &places[1], ROLE_WORKER, 1);
        expect_place(&places[1], ROLE_WORKER, 2);
        slice_plan_open(&plan, ROLE_WORKER, 1);
        slice_plan_take(&plan, &places[2], ROLE_WORKER, 1);
        expect_place(&places[2], ROLE_WORKER, 1);
        assert_false(slice_plan_is_closed(&plan, ROLE_WORKER, 4));
}

static void a_slice_for_each_of_the_most_nodes_is_enough(void** state) {
        _cleanup_slice_plan_ SlicePlan plan = {};
        _cleanup_free_ SlicePlace* places = xcalloc(ROLE_SLICES_MAX, sizeof(SlicePlace));
        SlicePlace one_more = {};

        take_all(&plan, places, ROLE_SLICES_MAX, ROLE_WORKER, 1);
        expect_place(&places[ROLE_SLICES_MAX - 1], ROLE_WORKER, ROLE_SLICES_MAX - 1);
        slice_plan_take(&plan, &one_more, ROLE_WORKER, 1);
        expect_place(&one_more, ROLE_WORKER, 0);
}

/* ---- where a control group is ---- */

static void a_control_group_says_which_slice_it_is_in(void** state) {
        static const struct {
                const char* path;
                Role role;
                unsigned number;
        } cases[] = {
                { "/zeek.slice/zeek-workers.slice/zeek-node-a.scope", ROLE_WORKER, 0 },
                { "/zeek.slice/zeek-workers.slice/zeek-workers-1.slice/zeek-node-a.scope", ROLE_WORKER, 1 },
                { "/zeek.slice/zeek-workers.slice/zeek-workers-1.slice/zeek-node-a.scope/below", ROLE_WORKER, 1 },
                { "/zeek.slice/zeek-loggers.slice/zeek-loggers-4095.slice/zeek-node-a.scope (deleted)", ROLE_LOGGER, 4095 },
                { "/zeek.slice/zeek-standalone.slice/zeek-standalone-12.slice", ROLE_STANDALONE, 12 },
                /* not one that we would have made: then only the role is known */
                { "/zeek.slice/zeek-workers.slice/zeek-workers-01.slice/zeek-node-a.scope", ROLE_WORKER, 0 },
                { "/zeek.slice/zeek-workers.slice/zeek-workers-4096.slice/zeek-node-a.scope", ROLE_WORKER, 0 },
                { "/zeek.slice/zeek-workers.slice/zeek-workers-x.slice/zeek-workers-x-1.slice/a.scope", ROLE_WORKER, 0 },
                { "/zeek.slice/zeek-workers.slice/zeek-loggers-1.slice/zeek-node-a.scope", ROLE_WORKER, 0 },
                { "/zeek.slice/zeek-proxies.slice/", ROLE_PROXY, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                unsigned number = 99;
                Role role = _ROLE_INVALID;

                assert_true(slice_of_cgroup(cases[i].path, &role, &number));
                assert_int_equal(role, cases[i].role);
                assert_int_equal(number, cases[i].number);
        }
}

static void other_control_groups_are_in_none_of_our_slices(void** state) {
        static const char* const paths[] = {
                "", "/", "/zeek.slice", "/zeek.slice/", "/zeek.slice/zeek-workers.slice", "/zeek.slice/zeek-hooks.slice/a.scope",
                "/zeek.slice/zeek-workers-1.slice/a.scope", "/zeek.slice/zeek-workers.slicex/a.scope",
                "zeek.slice/zeek-workers.slice/a.scope", "/system.slice/zeek.slice/zeek-workers.slice/a.scope",
        };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                unsigned number = 99;
                Role role = _ROLE_INVALID;

                assert_false(slice_of_cgroup(paths[i], &role, &number));
                assert_int_equal(role, _ROLE_INVALID);
                assert_int_equal(number, 99);
        }
}

/* ---- whatever happens ---- */

#define N_NODES 60
#define N_STEPS 4000
#define N_ROLES 2 /* that are used; the others must stay empty */
#define N_NUMBERS (N_NODES + 3)

typedef struct Model {
        uint64_t random;
        SlicePlan plan;
        SlicePlace places[N_NODES];
        bool closed[N_ROLES][N_NUMBERS];
} Model;

/* splitmix64 */
static unsigned below(Model* m, unsigned n) {
        uint64_t z = m->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (unsigned) ((z ^ (z >> 31)) % n);
}

/* As the nodes say. */
static size_t count(const Model* m, Role role, unsigned number) {
        size_t n = 0;

        for (size_t i = 0; i < N_NODES; i++)
                n += m->places[i].held && m->places[i].role == role && m->places[i].number == number;
        return n;
}

static unsigned lowest_with_room(const Model* m, Role role, uint64_t per_slice) {
        unsigned number = 0;

        while (per_slice > 0 && (m->closed[role][number] || count(m, role, number) >= per_slice))
                number++;
        return number;
}

static void take(Model* m, SlicePlace* place) {
        static const uint64_t limits[] = { 0, 1, 2, 3, 7, 64 };
        uint64_t per_slice = limits[below(m, ELEMENTSOF(limits))];
        Role role = (Role) below(m, N_ROLES);
        SlicePlace before = *place;
        unsigned expected;

        *place = (SlicePlace) {};
        expected = before.held && before.role == role ? before.number : lowest_with_room(m, role, per_slice);
        *place = before;
        slice_plan_take(&m->plan, place, role, per_slice);
        expect_place(place, role, expected);
}

static void something_happens(Model* m) {
        SlicePlace* place = &m->places[below(m, N_NODES)];
        Role role = (Role) below(m, N_ROLES);
        unsigned number = below(m, N_NUMBERS - N_NODES);

        switch (below(m, 8)) {
        case 0:
                slice_plan_join(&m->plan, place, role, number);
                expect_place(place, role, number);
                break;
        case 1:
                slice_plan_close(&m->plan, role, number);
                m->closed[role][number] = true;
                break;
        case 2:
                slice_plan_open(&m->plan, role, number);
                m->closed[role][number] = false;
                break;
        case 3:
        case 4:
                slice_plan_leave(&m->plan, place);
                assert_false(place->held);
                break;
        default:
                take(m, place);
        }
}

static void check(const Model* m) {
        for (Role role = 0; role < _ROLE_MAX; role++)
                for (unsigned number = 0; number < N_NUMBERS; number++) {
                        assert_int_equal(slice_plan_count(&m->plan, role, number), count(m, role, number));
                        assert_int_equal(slice_plan_is_closed(&m->plan, role, number), role < N_ROLES && m->closed[role][number]);
                }
}

static void the_plan_counts_right_in_every_run(void** state) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
                Model m = { .random = seed };

                print_message("seed %" PRIu64 "\n", seed);
                for (unsigned i = 0; i < N_STEPS; i++) {
                        something_happens(&m);
                        check(&m);
                }
                for (size_t i = 0; i < N_NODES; i++)
                        slice_plan_leave(&m.plan, &m.places[i]);
                check(&m);
                slice_plan_done(&m.plan);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_lie_in_the_slice_of_the_role_and_further_ones_below_it),
                cmocka_unit_test(roles_do_not_count_each_other),
                cmocka_unit_test(without_a_limit_all_lie_in_one_slice),
                cmocka_unit_test(who_comes_gets_the_lowest_number_with_room),
                cmocka_unit_test(a_place_is_kept_whatever_the_limit_has_become),
                cmocka_unit_test(a_place_of_another_role_is_given_up),
                cmocka_unit_test(who_is_found_somewhere_counts_there_however_full_it_is),
                cmocka_unit_test(nobody_gets_a_place_in_a_slice_that_is_closed),
                cmocka_unit_test(a_slice_for_each_of_the_most_nodes_is_enough),
                cmocka_unit_test(a_control_group_says_which_slice_it_is_in),
                cmocka_unit_test(other_control_groups_are_in_none_of_our_slices),
                cmocka_unit_test(the_plan_counts_right_in_every_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
