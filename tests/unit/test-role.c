/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/role.h"
#include "unit/unit.h"

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
                cmocka_unit_test(a_cluster_starts_in_the_order_of_the_values),
                cmocka_unit_test(zeek_words_may_have_their_module_before_them),
                cmocka_unit_test(other_words_are_no_roles),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
