/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/role.h"
#include "unit/unit.h"
#include "util/alloc.h"

static const struct {
        Role role;
        const char* word;
        const char* zeek;
        const char* slice;
} roles[] = {
        { ROLE_LOGGER, "logger", "LOGGER", "zeek-loggers.slice" },
        { ROLE_MANAGER, "manager", "MANAGER", "zeek-managers.slice" },
        { ROLE_PROXY, "proxy", "PROXY", "zeek-proxies.slice" },
        { ROLE_WORKER, "worker", "WORKER", "zeek-workers.slice" },
        { ROLE_STANDALONE, "standalone", "NONE", "zeek-standalone.slice" },
};

static void each_role_has_its_words_and_its_slice(void** state) {
        assert_int_equal(ELEMENTSOF(roles), _ROLE_MAX);
        for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
                assert_string_equal(role_to_string(roles[i].role), roles[i].word);
                assert_int_equal(role_from_string(roles[i].word), roles[i].role);
                assert_string_equal(role_to_zeek_string(roles[i].role), roles[i].zeek);
                assert_int_equal(role_from_zeek_string(roles[i].zeek), roles[i].role);
                assert_string_equal(role_slice(roles[i].role), roles[i].slice);
        }
}

static void the_slices_of_a_role_have_numbers(void** state) {
        static const struct {
                Role role;
                unsigned number;
                const char* name;
        } slices[] = {
                { ROLE_WORKER, 0, "zeek-workers.slice" },
                { ROLE_WORKER, 1, "zeek-workers-1.slice" },
                { ROLE_WORKER, 10, "zeek-workers-10.slice" },
                { ROLE_STANDALONE, ROLE_SLICES_MAX - 1, "zeek-standalone-4095.slice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(slices); i++) {
                _cleanup_free_ char* name = role_slice_name(slices[i].role, slices[i].number);

                assert_string_equal(name, slices[i].name);
                assert_int_equal(role_slice_number(slices[i].role, name), slices[i].number);
        }
}

static void other_slices_have_no_number_of_the_role(void** state) {
        static const char* const names[] = {
                "", "zeek.slice", "zeek-workers", "zeek-loggers.slice", "zeek-loggers-1.slice", "zeek-workers-.slice",
                "zeek-workers-0.slice", "zeek-workers-01.slice", "zeek-workers-+1.slice", "zeek-workers-1", "zeek-workers-1.scope",
                "zeek-workers-1-2.slice", "zeek-workers-one.slice", "zeek-workers-4096.slice", "zeek-workers-1.slice.d",
                "zeek-workers-18446744073709551617.slice", "zeek-workersx1.slice", "zeek-workers-1.slice/",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_int_equal(role_slice_number(ROLE_WORKER, names[i]), -EINVAL);
}

static void a_cluster_starts_in_the_order_of_the_values(void** state) {
        for (size_t i = 0; i < ELEMENTSOF(roles); i++)
                assert_int_equal(roles[i].role, i);
}

static void zeek_words_may_have_their_module_before_them(void** state) {
        assert_int_equal(role_from_zeek_string("Supervisor::WORKER"), ROLE_WORKER);
        assert_int_equal(role_from_zeek_string("Supervisor::NONE"), ROLE_STANDALONE);
}

static void other_words_are_no_roles(void** state) {
        static const char* const words[] = {
                "", "worker", "Worker", "WORKER ", " WORKER", "STANDALONE", "Supervisor::", "supervisor::WORKER",
                "Cluster::WORKER", "Supervisor::Supervisor::WORKER", "TIME_MACHINE",
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                assert_int_equal(role_from_zeek_string(words[i]), _ROLE_INVALID);
        assert_int_equal(role_from_string("WORKER"), _ROLE_INVALID);
        assert_int_equal(role_from_string("none"), _ROLE_INVALID);
        assert_int_equal(role_from_string(""), _ROLE_INVALID);
        assert_null(role_to_string(_ROLE_INVALID));
        assert_null(role_to_string(_ROLE_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_role_has_its_words_and_its_slice),
                cmocka_unit_test(the_slices_of_a_role_have_numbers),
                cmocka_unit_test(other_slices_have_no_number_of_the_role),
                cmocka_unit_test(a_cluster_starts_in_the_order_of_the_values),
                cmocka_unit_test(zeek_words_may_have_their_module_before_them),
                cmocka_unit_test(other_words_are_no_roles),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
