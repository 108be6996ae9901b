/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/socket.h>

#include "unit/seccomp-fixture.h"
#include "util/strv.h"

/* In a child under the silent program of the order: the errno of what it calls, or minus the signal that it died of. The
 * child ends with a pass. */
static int try_under(const SyscallOrder* order, int (*call)(const SyscallFilter* filter)) {
        SyscallFilters* filters = syscall_filters_new();
        const SyscallFilter* filter;
        pid_t pid;
        int r;

        assert_int_equal(syscall_filters_get(filters, order, &filter), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                r = enter_filter(&filter->silent, false);
                (void) syscall(SYS_exit_group, r < 0 ? 255 : call(filter) < 0 ? errno : 0, 0, 0, 0, 0, filter->pass);
        }
        r = wait_for_child(pid);
        syscall_filters_free(filters);
        return r;
}

static int try_ptrace(const SyscallFilter* filter) {
        return (int) syscall(SYS_ptrace, -1, -1, 0, 0);
}

static int try_unknown(const SyscallFilter* filter) {
        return (int) syscall(100000, 0);
}

static int try_inet(const SyscallFilter* filter) {
        return (int) syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
}

static int try_unix(const SyscallFilter* filter) {
        return (int) syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
}

static int try_family_64(const SyscallFilter* filter) {
        return (int) syscall(SYS_socket, 64, SOCK_DGRAM, 0);
}

/* The kernel takes an int, and so would take this for AF_UNIX. */
static int try_dressed_up_family(const SyscallFilter* filter) {
        return (int) syscall(SYS_socket, 0x700000000L | AF_INET, SOCK_DGRAM, 0);
}

static int try_write(const SyscallFilter* filter) {
        return (int) syscall(SYS_write, -1, "", 0, 0, 0, 0);
}

static int try_write_with_pass(const SyscallFilter* filter) {
        return (int) syscall(SYS_write, -1, "", 0, 0, 0, filter->pass);
}

static int try_write_with_wrong_pass(const SyscallFilter* filter) {
        return (int) syscall(SYS_write, -1, "", 0, 0, 0, filter->pass ^ 1);
}

static int try_execve_with_pass(const SyscallFilter* filter) {
        return (int) syscall(SYS_execve, "/nonexistent", NULL, NULL, 0, 0, filter->pass);
}

static void each_call_has_its_verdict(void** state) {
        static const struct {
                const char* calls;
                int (*call)(const SyscallFilter* filter);
                int result;
        } cases[] = {
                { "allow ptrace:EACCES", try_ptrace, EACCES },
                { "allow ptrace:kill", try_ptrace, -SIGSYS },
                { "allow ptrace:log", try_ptrace, ESRCH },
                { "allow mount:EPERM", try_ptrace, ESRCH },
                { "allow no_such_call:EPERM ptrace:4000", try_ptrace, 4000 & 0xff },
                { "ENOSYS execve:allow ptrace:allow", try_ptrace, ESRCH },
                { "ENOSYS execve:allow", try_ptrace, ENOSYS },
                { "ENOSYS ptrace:EPERM", try_ptrace, EPERM },
                { "ENOSYS ptrace:EPERM", try_unknown, ENOSYS },
                { "allow write:EACCES", try_write, EACCES },
                { "allow write:EACCES", try_write_with_pass, EBADF },
                { "allow write:EACCES", try_write_with_wrong_pass, EACCES },
                { "allow write:kill", try_write_with_pass, EBADF },
                /* also where the order does not name it */
                { "ENOSYS", try_write_with_pass, EBADF },
                { "ENOSYS", try_write, ENOSYS },
                { "ENOSYS execve:EPERM", try_execve_with_pass, ENOENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SyscallOrder order = { .calls = cases[i].calls };
                int r = try_under(&order, cases[i].call);

                if (r != cases[i].result)
                        fail_msg("%s: %i instead of %i", cases[i].calls, r, cases[i].result);
        }
}

static void families_of_sockets_are_told_apart(void** state) {
        static const struct {
                const char* calls;
                int (*call)(const SyscallFilter* filter);
                int result;
        } cases[] = {
                { "allow", try_unix, 0 },
                { "allow", try_inet, EAFNOSUPPORT },
                { "allow", try_family_64, EAFNOSUPPORT },
                { "allow", try_dressed_up_family, EAFNOSUPPORT },
                { "ENOSYS socket:allow", try_unix, 0 },
                { "ENOSYS socket:allow", try_inet, EAFNOSUPPORT },
                { "ENOSYS socket:allow", try_dressed_up_family, EAFNOSUPPORT },
                { "ENOSYS socket:log", try_unix, 0 },
                { "ENOSYS socket:log", try_inet, EAFNOSUPPORT },
                { "ENOSYS socket:EACCES", try_unix, EACCES },
                { "ENOSYS", try_unix, ENOSYS },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SyscallOrder order = {
                        .calls = cases[i].calls,
                        .restricts_families = true,
                        .families = UINT64_C(1) << AF_UNIX,
                };
                int r = try_under(&order, cases[i].call);

                if (r != cases[i].result)
                        fail_msg("%zu: %i instead of %i", i, r, cases[i].result);
        }
}

static void an_equal_order_is_not_compiled_again(void** state) {
        SyscallFilters* filters = syscall_filters_new();
        SyscallOrder order = { .calls = "allow mount:EPERM" };
        const SyscallFilter *first, *second;

        assert_false(syscall_filters_have(filters, &order));
        assert_true(syscall_filters_have(filters, &(SyscallOrder) {}));
        assert_int_equal(syscall_filters_get(filters, &order, &first), 0);
        assert_true(first->asking.len > 0 && first->silent.len > 0);
        for (int i = 1; i < 40; i++) {
                _cleanup_free_ char *calls = xasprintf("allow ptrace:%i", i), *same = xstrdup("allow mount:EPERM");
                SyscallOrder other = { .calls = calls };

                order.calls = same;
                assert_true(syscall_filters_have(filters, &order));
                assert_false(syscall_filters_have(filters, &other));
                assert_int_equal(syscall_filters_get(filters, &other, &second), 0);
                assert_ptr_not_equal(first, second);
                assert_int_equal(syscall_filters_get(filters, &order, &second), 0);
                assert_ptr_equal(first, second);
        }
        syscall_filters_free(filters);
}

static void another_architecture_can_be_served_too(void** state) {
        SyscallFilters* filters = syscall_filters_new();
        _cleanup_(syscall_order_done) SyscallOrder order = { .calls = "ENOSYS read:allow socket:allow" };
        const SyscallFilter *native, *both;

        assert_int_equal(syscall_filters_get(filters, &order, &native), 0);
        strv_extend(&order.architectures, "x86");
        order.restricts_families = true;
        assert_int_equal(syscall_filters_get(filters, &order, &both), 0);
        assert_true(both->silent.len > native->silent.len);
        syscall_filters_free(filters);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_call_has_its_verdict),
                cmocka_unit_test(families_of_sockets_are_told_apart),
                cmocka_unit_test(an_equal_order_is_not_compiled_again),
                cmocka_unit_test(another_architecture_can_be_served_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
