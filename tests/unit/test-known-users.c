/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/known-users.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void who_has_called_is_known(void** state) {
        KnownUsers known = {};
        uid_t uid = 7;

        assert_false(known_users_find(&known, ":1.5", &uid));
        known_users_add(&known, ":1.5", 1000);
        known_users_add(&known, ":1.50", 0);
        known_users_add(&known, ":1.5", 1000);
        assert_true(known_users_find(&known, ":1.5", &uid));
        assert_int_equal(uid, 1000);
        assert_true(known_users_find(&known, ":1.50", &uid));
        assert_int_equal(uid, 0);
        assert_false(known_users_find(&known, ":1", &uid));
        assert_false(known_users_find(&known, "", &uid));
        known_users_clear(&known);
        assert_false(known_users_find(&known, ":1.5", &uid));
}

static void the_one_that_is_known_for_longest_makes_room(void** state) {
        KnownUsers known = {};
        uid_t uid;

        for (unsigned i = 0; i <= KNOWN_USERS_MAX; i++) {
                _cleanup_free_ char* name = xasprintf(":1.%u", i);

                known_users_add(&known, name, i);
        }
        assert_false(known_users_find(&known, ":1.0", &uid));
        for (unsigned i = 1; i <= KNOWN_USERS_MAX; i++) {
                _cleanup_free_ char* name = xasprintf(":1.%u", i);

                assert_true(known_users_find(&known, name, &uid));
                assert_int_equal(uid, i);
        }
        known_users_clear(&known);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(who_has_called_is_known),
                cmocka_unit_test(the_one_that_is_known_for_longest_makes_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
