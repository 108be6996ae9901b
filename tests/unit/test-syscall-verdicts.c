/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/syscall-verdicts.h"
#include "unit/unit.h"
#include "util/alloc.h"

static void only_what_is_asked_and_not_usual_is_named(void** state) {
        static const struct {
                const char* all;
                bool restricts_families;
                const char* asked;
        } cases[] = {
                { "ENOSYS mount:EPERM ptrace:EPERM read:allow", false, "EPERM" },
                { "ENOSYS mount:EACCES ptrace:EPERM swapon:EACCES", false, "EACCES ptrace:EPERM" },
                { "ENOSYS clone3:ENOSYS mount:kill read:log reboot:kill", false, "kill read:log" },
                { "allow", false, "EPERM" },
                { "log mount:EPERM ptrace:EPERM read:allow", false, "log mount:EPERM ptrace:EPERM" },
                { "ENOSYS mount:EPERM socket:allow", true, "EPERM socket:EAFNOSUPPORT" },
                { "ENOSYS mount:EPERM socket:EACCES swapon:EPERM", true, "EPERM socket:EACCES" },
                { "allow mount:EPERM", true, "EPERM socket:EAFNOSUPPORT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
                _cleanup_free_ char* asked = NULL;

                assert_int_equal(syscall_verdicts_from_string(cases[i].all, &verdicts), 0);
                asked = syscall_verdicts_asked(&verdicts, cases[i].restricts_families);
                assert_string_equal(asked, cases[i].asked);
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
        static const char* const texts[] = { "", " ", "socket:EPERM", "EPERM socket", "EPERM :EPERM", "EPERM a:b", "EPERM a:0",
                                             "EPERM re-ad:allow", "EPERM read:4096" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                SyscallVerdicts verdicts = { .others = 42 };

                if (syscall_verdicts_from_string(texts[i], &verdicts) != -EINVAL || verdicts.others != 42)
                        fail_msg("'%s'", texts[i]);
        }
}

static void there_are_bounds(void** state) {
        char name[ORDER_SYSTEM_CALL_NAME_MAX + 2] = {};
        _cleanup_free_ char *most = xstrdup("EPERM"), *longest = NULL, *longer = NULL, *more = NULL;

        for (size_t i = 0; i < ORDER_SYSTEM_CALLS_MAX; i++)
                free_and_replace(most, xasprintf("%s a%zu:allow", most, i));
        more = xasprintf("%s b:allow", most);
        memset(name, 'x', ORDER_SYSTEM_CALL_NAME_MAX);
        longest = xasprintf("EPERM %s:allow", name);
        longer = xasprintf("EPERM %sx:allow", name);

        const struct {
                const char* text;
                int result;
        } cases[] = { { most, 0 }, { more, -EINVAL }, { longest, 0 }, { longer, -EINVAL } };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};

                assert_int_equal(syscall_verdicts_from_string(cases[i].text, &verdicts), cases[i].result);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_is_asked_and_not_usual_is_named),
                cmocka_unit_test(words_say_what_becomes_of_a_call),
                cmocka_unit_test(other_words_are_refused),
                cmocka_unit_test(there_are_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
