/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/system-calls.h"
#include "unit/unit.h"
#include "util/macro.h"

/* Each try runs in a child that has given up the rest, and tells by its exit status what errno came of it. */
typedef long (*try_t)(void);

static int errno_of(try_t try) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                if (system_calls_confine() < 0)
                        _exit(255);
                errno = 0;
                _exit(try() < 0 ? errno : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- what is gone ---- */

static long try_execute(void) {
        char* const arguments[] = { (char*) "/bin/true", NULL };

        return execve(arguments[0], arguments, NULL);
}

static long try_execute_descriptor(void) {
        char* const arguments[] = { (char*) "true", NULL };
        int fd = open("/bin/true", O_PATH | O_CLOEXEC);

        return fd < 0 ? 0 : syscall(SYS_execveat, fd, "", arguments, NULL, AT_EMPTY_PATH);
}

static long try_fork(void) {
        return syscall(SYS_clone, (unsigned long) SIGCHLD, NULL, NULL, NULL, 0UL);
}

static long try_fork_with_clone3(void) {
        uint64_t arguments[8] = { 0 };

        return syscall(SYS_clone3, arguments, sizeof arguments);
}

static long try_namespace(void) {
        return unshare(CLONE_NEWUSER);
}

static long try_internet(void) {
        return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_netlink(void) {
        return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long try_packets(void) {
        return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_listen(void) {
        return listen(socket(AF_UNIX, SOCK_STREAM, 0), 1);
}

static long try_signal_to_another(void) {
        return kill(getppid(), 0);
}

static long try_signal_to_a_thread_of_another(void) {
        return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long try_trace(void) {
        return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long try_mount(void) {
        return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static long try_bpf(void) {
        return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_another_user(void) {
        return setuid(0);
}

static long try_other_limits(void) {
        struct rlimit limit = { 16, 16 };

        return setrlimit(RLIMIT_NOFILE, &limit);
}

static long try_dumpable(void) {
        return prctl(PR_SET_DUMPABLE, 1);
}

static long try_terminal_input(void) {
        return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static long try_writable_code(void) {
        return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long try_data_as_code(void) {
        void* data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return data == MAP_FAILED ? 0 : mprotect(data, 4096, PROT_READ | PROT_EXEC);
}

static void test_what_it_does_not_need_is_gone(void** state) {
        static const struct {
                const char* what;
                try_t try;
                bool of_sanitizers;
        } tries[] = {
                { "execve", try_execute, false },
                { "execveat", try_execute_descriptor, false },
                { "fork", try_fork, true },
                { "clone3", try_fork_with_clone3, false },
                { "unshare", try_namespace, false },
                { "AF_INET", try_internet, false },
                { "AF_NETLINK", try_netlink, false },
                { "AF_PACKET", try_packets, false },
                { "listen", try_listen, false },
                { "kill", try_signal_to_another, false },
                { "tgkill", try_signal_to_a_thread_of_another, true },
                { "ptrace", try_trace, true },
                { "mount", try_mount, false },
                { "bpf", try_bpf, false },
                { "setuid", try_another_user, false },
                { "setrlimit", try_other_limits, false },
                { "PR_SET_DUMPABLE", try_dumpable, true },
                { "TIOCSTI", try_terminal_input, false },
                { "W+X", try_writable_code, true },
                { "W, then X", try_data_as_code, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(tries); i++) {
                if (tries[i].of_sanitizers && SANITIZED)
                        continue;
                if (errno_of(tries[i].try) != ENOSYS)
                        fail_msg("%s: errno %i", tries[i].what, errno_of(tries[i].try));
        }
}

/* ---- what stays ---- */

static void* return_argument(void* argument) {
        return argument;
}

static long try_thread(void) {
        void *result = NULL, *argument = &argument;
        pthread_t thread;

        if (pthread_create(&thread, NULL, return_argument, argument) != 0 || pthread_join(thread, &result) != 0)
                return -1;
        return result == argument ? 0 : -1;
}

static long try_unix_sockets(void) {
        int fds[2];

        return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? -1 : socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static long try_memory(void) {
        char* large = malloc(64UL * 1024 * 1024);

        if (!large)
                return -1;
        large[12345] = 1;
        large = realloc(large, 128UL * 1024 * 1024);
        return large && large[12345] == 1 ? 0 : -1;
}

/* As a module of the user database is, which the daemon may load while it runs. */
static long try_code_of_a_file(void) {
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

static long try_limits(void) {
        struct rlimit limit;

        return getrlimit(RLIMIT_NOFILE, &limit);
}

static void test_what_it_needs_stays(void** state) {
        assert_int_equal(errno_of(try_thread), 0);
        assert_int_equal(errno_of(try_unix_sockets), 0);
        assert_int_equal(errno_of(try_memory), 0);
        assert_int_equal(errno_of(try_code_of_a_file), 0);
        assert_int_equal(errno_of(try_limits), 0);
}

static long try_abort(void) {
        (void) prctl(PR_SET_DUMPABLE, 0);
        (void) signal(SIGABRT, SIG_DFL);
        abort();
}

static void test_an_assertion_still_ends_it(void** state) {
        assert_int_equal(errno_of(try_abort), -SIGABRT);
}

/* i386: the calls of another architecture than the filter's. */
#ifdef __x86_64__
static long try_another_architecture(void) {
        long result;

        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L /* getpid */) : "memory");
        return result;
}

static void test_another_architecture_is_the_end(void** state) {
        assert_int_equal(errno_of(try_another_architecture), -SIGSYS);
}
#endif

static void test_32_bit_and_other_architectures_have_a_filter_too(void** state) {
        static const uint32_t architectures[] = {
                SCMP_ARCH_X86,     SCMP_ARCH_X86_64,   SCMP_ARCH_ARM,     SCMP_ARCH_AARCH64, SCMP_ARCH_PPC64LE,
                SCMP_ARCH_RISCV64, SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL,
        };

        for (size_t i = 0; i < ELEMENTSOF(architectures); i++) {
                void* filter = NULL;

                assert_int_equal(system_calls_filter_new(architectures[i], &filter), 0);
                seccomp_release(filter);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_it_does_not_need_is_gone),
                cmocka_unit_test(test_what_it_needs_stays),
                cmocka_unit_test(test_an_assertion_still_ends_it),
#ifdef __x86_64__
                cmocka_unit_test(test_another_architecture_is_the_end),
#endif
                cmocka_unit_test(test_32_bit_and_other_architectures_have_a_filter_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
