/* SPDX-License-Identifier: BSD-3-Clause */
#include "stem/syscall-verdicts.h"
#include "unit/seccomp-fixture.h"

static void only_what_is_asked_and_not_usual_is_named(void** state) {
        static const struct {
                int others;
                const char* calls;
                bool restricts_families;
                const char* verdicts;
        } cases[] = {
                { ENOSYS, "mount:EPERM ptrace:EPERM read:allow", false, "EPERM" },
                { ENOSYS, "mount:EACCES ptrace:EPERM swapon:EACCES", false, "EACCES ptrace:EPERM" },
                { ENOSYS, "clone3:ENOSYS mount:kill read:log reboot:kill", false, "kill read:log" },
                { VERDICT_ALLOW, "", false, "EPERM" },
                { VERDICT_LOG, "mount:EPERM ptrace:EPERM read:allow", false, "log mount:EPERM ptrace:EPERM" },
                { ENOSYS, "mount:EPERM socket:allow", true, "EPERM socket:EAFNOSUPPORT" },
                { ENOSYS, "mount:EPERM socket:EACCES swapon:EPERM", true, "EPERM socket:EACCES" },
                { VERDICT_ALLOW, "mount:EPERM", true, "EPERM socket:EAFNOSUPPORT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SyscallOrder order = make_syscall_order(cases[i].others, cases[i].calls);
                _cleanup_free_ char* text = NULL;

                order.restricts_families = cases[i].restricts_families;
                text = syscall_verdicts_of_order(&order);
                assert_string_equal(text, cases[i].verdicts);
                syscall_order_done(&order);
        }
}

static void words_say_what_becomes_of_a_call(void** state) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};

        assert_int_equal(syscall_verdicts_from_string("EPERM socket:EAFNOSUPPORT read:log mount:kill x:4000", &verdicts), 0);
        assert_int_equal(syscall_verdicts_on(&verdicts, "ptrace"), EPERM);
        assert_int_equal(syscall_verdicts_on(&verdicts, "socket"), EAFNOSUPPORT);
        assert_int_equal(syscall_verdicts_on(&verdicts, "read"), VERDICT_LOG);
        assert_int_equal(syscall_verdicts_on(&verdicts, "mount"), VERDICT_KILL);
        assert_int_equal(syscall_verdicts_on(&verdicts, "x"), 4000);
}

static void other_words_are_refused(void** state) {
        static const char* const texts[] = { "", " ", "socket:EPERM", "EPERM socket", "EPERM :EPERM", "EPERM a:b", "EPERM a:0" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                SyscallVerdicts verdicts = { .others = 42 };

                if (syscall_verdicts_from_string(texts[i], &verdicts) != -EINVAL || verdicts.others != 42)
                        fail_msg("'%s'", texts[i]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_is_asked_and_not_usual_is_named),
                cmocka_unit_test(words_say_what_becomes_of_a_call),
                cmocka_unit_test(other_words_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
