/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/socket.h>

#include "config/seccomp-profile.h"
#include "unit/unit.h"
#include "util/strv.h"

static SeccompProfile* parse(const char* text, Diagnostics* d) {
        return seccomp_profile_parse("p", "F", text, strlen(text), d);
}

static SeccompProfile* parse_good(const char* text) {
        _cleanup_diagnostics_ Diagnostics d = {};
        SeccompProfile* profile = parse(text, &d);

        if (profile->problem || d.n > 0)
                fail_msg("%s: %s", text, profile->problem);
        return profile;
}

/* What becomes of a call, as a word; "new" is one that nobody knows. */
static char* verdict_on(const SeccompProfile* profile, const char* call) {
        return verdict_to_string(strcmp(call, "new") == 0 ? profile->other_calls : profile->verdicts[syscall_find(call)]);
}

static void assert_verdicts(const SeccompProfile* profile, const char* const* calls, size_t n, const char* expected) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char* verdict = verdict_on(profile, calls[i]);

                if (strcmp(verdict, expected) != 0)
                        fail_msg("%s becomes %s, not %s", calls[i], verdict, expected);
        }
}

static void verdicts_follow_the_lists(void** state) {
        static const struct {
                const char* text;
                const char* verdicts; /* CALL=VERDICT … */
        } cases[] = {
                { "", "mount=allow read=allow new=allow" },
                { "SystemCallFilter=read\n", "read=allow write=EPERM mount=EPERM execve=allow new=ENOSYS" },
                { "SystemCallFilter=~@mount\n", "read=allow mount=EPERM umount2=EPERM execve=allow new=allow" },
                { "SystemCallFilter=@basic-io\nSystemCallErrorNumber=EACCES\n", "read=allow mount=EACCES" },
                { "SystemCallErrorNumber=kill\nSystemCallFilter=~mount\n", "read=allow mount=kill" },
                { "SystemCallErrorNumber=log\nSystemCallFilter=read\n", "read=allow mount=log new=ENOSYS" },
                { "SystemCallErrorNumber=EACCES\nSystemCallErrorNumber=\nSystemCallFilter=read\n", "mount=EPERM" },
                { "SystemCallErrorNumber=38\nSystemCallFilter=read\n", "mount=ENOSYS" },
                /* later lists add to the first one or take from it, by their kind */
                { "SystemCallFilter=@mount @basic-io\nSystemCallFilter=~umount2 read\n",
                  "mount=allow umount2=EPERM write=allow read=EPERM" },
                { "SystemCallFilter=~@mount\nSystemCallFilter=umount2\nSystemCallFilter=~read\n",
                  "mount=EPERM umount2=allow read=EPERM" },
                { "SystemCallFilter=read\nSystemCallFilter=write\n", "read=allow write=allow mount=EPERM" },
                { "SystemCallFilter=read\nSystemCallFilter=\nSystemCallFilter=~write\n", "read=allow write=EPERM mount=allow" },
                { "SystemCallFilter=read\nSystemCallFilter=\n", "read=allow write=allow" },
                { "SystemCallFilter=@default\nSystemCallFilter=~execve\n", "execve=EPERM exit=allow" },
                /* a verdict of its own, in either kind of list and after either sign */
                { "SystemCallFilter=@basic-io ptrace:EACCES\n", "ptrace=EACCES mount=EPERM read=allow" },
                { "SystemCallFilter=@basic-io @debug\nSystemCallFilter=~ptrace:EACCES @aio:ENOSYS\n",
                  "ptrace=EACCES io_uring_setup=ENOSYS perf_event_open=allow mount=EPERM" },
                { "SystemCallFilter=~@mount:kill ptrace swapon:13\n", "mount=kill ptrace=EPERM swapon=EACCES read=allow" },
                { "SystemCallFilter=~mount:log\nSystemCallFilter=~read\n", "mount=log read=EPERM" },
                { "SystemCallFilter=~@mount\nSystemCallFilter=mount:allow\n", "mount=allow umount2=EPERM" },
                /* what is logged is not what is refused */
                { "SystemCallLog=mount read\nSystemCallFilter=~mount\n", "mount=EPERM read=log write=allow" },
                { "SystemCallLog=~@default\nSystemCallFilter=@basic-io\n", "read=log execve=allow mount=EPERM" },
                { "SystemCallLog=~read\n", "read=allow write=log new=log" },
                { "SystemCallLog=read write\nSystemCallLog=~read\n", "read=allow write=log" },
                { "SystemCallLog=read\nSystemCallLog=\n", "read=allow" },
                /* words */
                { "SystemCallFilter=\"read\"   write\nX-Note=a b\n[X-Other]\na=b\n", "read=allow write=allow mount=EPERM" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char* text = xasprintf("[Seccomp]\n%s", cases[i].text);
                _cleanup_seccomp_profile_ SeccompProfile* profile = parse_good(text);
                _cleanup_strv_free_ char** expected = strv_split(cases[i].verdicts, " ");

                STRV_FOREACH(item, expected) {
                        _cleanup_free_ char* call = xstrndup(*item, strcspn(*item, "="));
                        _cleanup_free_ char* verdict = verdict_on(profile, call);

                        if (strcmp(verdict, strchr(*item, '=') + 1) != 0)
                                fail_msg("%s: %s becomes %s", cases[i].text, *item, verdict);
                }
        }
}

static void families_and_architectures_are_read(void** state) {
        _cleanup_seccomp_profile_ SeccompProfile* these = parse_good(
                "[Seccomp]\nRestrictAddressFamilies=AF_UNIX AF_PACKET AF_INET\nRestrictAddressFamilies=~AF_INET\n"
                "SystemCallArchitectures=native x86-64 x86\nSystemCallArchitectures=arm64 x86\n");
        _cleanup_seccomp_profile_ SeccompProfile* not_these =
                parse_good("[Seccomp]\nRestrictAddressFamilies=~AF_ALG AF_VSOCK\n");
        _cleanup_seccomp_profile_ SeccompProfile* none = parse_good("[Seccomp]\nRestrictAddressFamilies=none\n");
        _cleanup_seccomp_profile_ SeccompProfile* all =
                parse_good("[Seccomp]\nRestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=\n"
                           "SystemCallArchitectures=x86\nSystemCallArchitectures=\n");
        _cleanup_free_ char* names = strv_join(these->architectures, " ");

        assert_true(these->restricts_families && these->families[AF_UNIX] && these->families[AF_PACKET]);
        assert_false(these->families[AF_INET] || these->families[AF_ALG] || these->families[63]);
        assert_string_equal(names, "aarch64 x86 x86_64");

        assert_true(not_these->restricts_families && not_these->families[AF_UNIX] && not_these->families[63]);
        assert_false(not_these->families[AF_ALG] || not_these->families[AF_VSOCK]);
        assert_true(none->restricts_families);
        for (size_t i = 0; i < ADDRESS_FAMILY_MAX; i++)
                assert_false(none->families[i]);
        assert_true(!all->restricts_families && !all->architectures);
}

static void what_is_wrong_makes_the_profile_unusable_and_is_said(void** state) {
        static const struct {
                const char* text;
                const char* problem;
        } cases[] = {
                { "", "F: Has no section [Seccomp]" },
                { "[Seccomp]\nSystemCallFilter=read opne\n", "F:2:18: SystemCallFilter=: there is no system call 'opne'" },
                { "[Seccomp]\n\nSystemCallFilter=~@nope\n", "F:3:18: SystemCallFilter=: there is no group of system calls '@nope'" },
                { "[Seccomp]\nSystemCallFilter=read:EWHAT\n",
                  "F:2:18: SystemCallFilter=: 'EWHAT' is no errno, nor kill, log or allow" },
                { "[Seccomp]\nSystemCallFilter=read:\n", "F:2:18: SystemCallFilter=: '' is no errno, nor kill, log or allow" },
                { "[Seccomp]\nSystemCallFilter=~\"read\n",
                  "F:2:18: SystemCallFilter= has a quote that is not closed, or an escape that is not known" },
                { "[Seccomp]\nSystemCallLog=read:EPERM\n", "F:2:15: SystemCallLog=: there is no system call 'read:EPERM'" },
                { "[Seccomp]\nSystemCallErrorNumber=allow\n",
                  "F:2:23: SystemCallErrorNumber= must be the name of an errno, kill or log" },
                { "[Seccomp]\nSystemCallErrorNumber=0\n",
                  "F:2:23: SystemCallErrorNumber= must be the name of an errno, kill or log" },
                { "[Seccomp]\nRestrictAddressFamilies=AF_UNIX none\n",
                  "F:2:25: RestrictAddressFamilies=: there is no address family 'none'" },
                { "[Seccomp]\nRestrictAddressFamilies=~af_unix\n",
                  "F:2:25: RestrictAddressFamilies=: there is no address family 'af_unix'" },
                { "[Seccomp]\nSystemCallArchitectures=vax\n", "F:2:25: SystemCallArchitectures=: there is no architecture 'vax'" },
                { "[Seccomp]\nSystemCallArchitectures=~x86\n",
                  "F:2:25: SystemCallArchitectures= is no list that a ~ can turn round" },
                { "[Seccomp]\nSystemCalFilter=read\n", "F:2:17: Unknown key 'SystemCalFilter=' in section [Seccomp]" },
                { "[Seccomp]\nSystemCallFilter=read\n[Node]\n", "F:3: Unknown section [Node]" },
                { "[Seccomp]\nnonsense\n", "F:2: Missing '='" },
                /* the first one counts, also if a later line takes it back */
                { "[Seccomp]\nSystemCallFilter=opne\nSystemCallFilter=\nNoSuchKey=\n",
                  "F:2:18: SystemCallFilter=: there is no system call 'opne'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_diagnostics_ Diagnostics d = {};
                _cleanup_seccomp_profile_ SeccompProfile* profile = parse(cases[i].text, &d);

                assert_true(d.n > 0);
                assert_non_null(profile->problem);
                assert_string_equal(profile->problem, cases[i].problem);
        }
}

static void a_file_that_cannot_be_read_is_a_problem_of_its_profile(void** state) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_seccomp_profile_ SeccompProfile* missing = seccomp_profile_load("p", "/nonexistent/p.conf", &d);
        _cleanup_seccomp_profile_ SeccompProfile* special = seccomp_profile_load("p", "/dev/null", &d);

        assert_string_equal(missing->problem, "/nonexistent/p.conf: Cannot be read: No such file or directory");
        assert_string_equal(special->problem, "/dev/null: Cannot be read: It is not a regular file");
}

static void the_shipped_profiles_are_good(void** state) {
        static const char* const names[] = { "logger", "manager", "proxy", "worker", "standalone" };
        static const char* const refused[] = {
                "mount", "ptrace", "bpf", "kexec_load", "init_module", "reboot", "swapon", "unshare", "setns", "keyctl",
                "perf_event_open", "userfaultfd", "open_by_handle_at", "chroot", "pivot_root", "clock_settime", "iopl",
        };
        static const char* const allowed[] = {
                "execve", "clone3", "openat", "socket", "setsockopt", "recvfrom", "getrandom", "mmap", "rename", "kill",
                "epoll_wait", "futex", "wait4", "sched_setaffinity", "fdatasync", "mlock", "statx", "seccomp",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char* file = xasprintf(PROFILES "/%s.conf", names[i]);
                _cleanup_diagnostics_ Diagnostics d = {};
                _cleanup_seccomp_profile_ SeccompProfile* profile = seccomp_profile_load(names[i], file, &d);
                bool captures = strcmp(names[i], "worker") == 0 || strcmp(names[i], "standalone") == 0;

                if (profile->problem)
                        fail_msg("%s", profile->problem);
                assert_verdicts(profile, refused, ELEMENTSOF(refused), "EPERM");
                assert_verdicts(profile, allowed, ELEMENTSOF(allowed), "allow");
                assert_true(profile->restricts_families && profile->families[AF_NETLINK]);
                assert_true(profile->families[AF_PACKET] == captures && !profile->families[AF_VSOCK]);
        }
}

static void the_profile_of_hooks_is_that_of_a_filter(void** state) {
        static const char* const refused[] = { "mount", "ptrace", "bpf", "init_module", "unshare", "setns", "keyctl", "chroot",
                                               "fchownat", "setuid", "setgroups", "process_vm_readv", "perf_event_open" };
        static const char* const allowed[] = { "execve", "clone3", "vfork", "pipe2", "openat", "socket", "wait4", "futex", "mmap",
                                               "sched_getaffinity", "prlimit64", "rt_sigaction", "epoll_wait", "nanosleep" };
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_seccomp_profile_ SeccompProfile* profile = seccomp_profile_load("hook", PROFILES "/hook.conf", &d);

        assert_null(profile->problem);
        assert_verdicts(profile, refused, ELEMENTSOF(refused), "EPERM");
        assert_verdicts(profile, allowed, ELEMENTSOF(allowed), "allow");
        for (int family = 0; family < ADDRESS_FAMILY_MAX; family++)
                assert_int_equal(profile->families[family], family == AF_UNIX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verdicts_follow_the_lists),
                cmocka_unit_test(families_and_architectures_are_read),
                cmocka_unit_test(what_is_wrong_makes_the_profile_unusable_and_is_said),
                cmocka_unit_test(a_file_that_cannot_be_read_is_a_problem_of_its_profile),
                cmocka_unit_test(the_shipped_profiles_are_good),
                cmocka_unit_test(the_profile_of_hooks_is_that_of_a_filter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
