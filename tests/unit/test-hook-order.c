/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "supervisor/hook-order.h"
#include "unit/unit.h"

#define UNIT_NAME_MAX 255U

static void names_at_the_stem_and_at_systemd_tell_the_hook(void** state) {
        static const struct {
                const char *hook, *process, *scope;
        } cases[] = {
                { "noise", "hook:noise", "zeek-hook-noise.scope" },
                { "50-no.ise_2", "hook:50-no.ise_2", "zeek-hook-50\\x2dno.ise_2.scope" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *process = hook_process_name(cases[i].hook), *scope = hook_scope_name(cases[i].hook);

                assert_string_equal(process, cases[i].process);
                assert_string_equal(scope, cases[i].scope);
                assert_true(hook_scope_name_is_one(scope));
        }
        assert_false(hook_scope_name_is_one("zeek-node-noise.scope"));
        assert_false(hook_scope_name_is_one("zeek-hook-noise.service"));
}

static void the_longest_names_fit_and_differ(void** state) {
        char a[HOOK_NAME_MAX + 1] = {}, b[HOOK_NAME_MAX + 1] = {};

        memset(a, '-', HOOK_NAME_MAX);
        memset(b, '-', HOOK_NAME_MAX);
        a[0] = b[0] = 'x';
        b[HOOK_NAME_MAX - 1] = 'y';

        _cleanup_free_ char *first = hook_scope_name(a), *second = hook_scope_name(b), *again = hook_scope_name(a);
        assert_in_range(strlen(first), 1, UNIT_NAME_MAX);
        assert_string_not_equal(first, second);
        assert_string_equal(first, again);
        assert_true(hook_scope_name_is_one(first));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_at_the_stem_and_at_systemd_tell_the_hook),
                cmocka_unit_test(the_longest_names_fit_and_differ),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
