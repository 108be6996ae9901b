/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/syscall-table.h"
#include "unit/unit.h"
#include "util/macro.h"

static bool is_in(const char* group, const char* call) {
        bool marks[SYSCALLS] = {};

        assert_true(syscall_group_mark(group, marks));
        return marks[syscall_find(call)];
}

static void the_names_are_in_order_and_found(void** state) {
        for (size_t i = 0; i < SYSCALLS; i++) {
                assert_true(i == 0 || strcmp(syscall_name(i - 1), syscall_name(i)) < 0);
                assert_int_equal(syscall_find(syscall_name(i)), i);
                assert_int_equal(syscall_name(i)[strspn(syscall_name(i), "abcdefghijklmnopqrstuvwxyz0123456789_")], 0);
        }
        assert_true(syscall_find("opne") == SIZE_MAX);
        assert_true(syscall_find("") == SIZE_MAX);
        assert_true(syscall_find("@default") == SIZE_MAX);
}

/* Marks abort the test for a member that is no call. */
static void every_group_of_systemd_is_there(void** state) {
        static const char* const groups[] = {
                "@aio",     "@basic-io",   "@chown",  "@clock",    "@cpu-emulation", "@debug",          "@default",
                "@file-system", "@io-event", "@ipc",  "@keyring",  "@memlock",       "@module",         "@mount",
                "@network-io",  "@obsolete", "@pkey", "@privileged", "@process",     "@raw-io",         "@reboot",
                "@resources",   "@sandbox",  "@setuid", "@signal", "@swap",          "@sync",           "@system-service",
                "@timer",
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                bool marks[SYSCALLS] = {};
                size_t n = 0;

                assert_true(syscall_group_mark(groups[i], marks));
                for (size_t k = 0; k < SYSCALLS; k++)
                        n += marks[k];
                assert_true(n > 0 && n < SYSCALLS);
        }
}

static void a_group_has_what_its_groups_have(void** state) {
        bool marks[SYSCALLS] = {};

        assert_true(is_in("@system-service", "openat") && is_in("@system-service", "clone3"));
        assert_true(is_in("@system-service", "execve") && is_in("@privileged", "kexec_load"));
        assert_false(is_in("@system-service", "ptrace") || is_in("@system-service", "mount"));
        assert_false(syscall_group_mark("@nobody", marks) || syscall_group_mark("default", marks));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_names_are_in_order_and_found),
                cmocka_unit_test(every_group_of_systemd_is_there),
                cmocka_unit_test(a_group_has_what_its_groups_have),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
