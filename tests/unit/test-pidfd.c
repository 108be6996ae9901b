/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stem/pidfd.h"
#include "unit/unit.h"
#include "util/fd.h"

/* A child that ends this way as soon as the pipe is closed. */
static pid_t start(int pipe[2], int status, int sig) {
        char byte;
        pid_t pid;

        assert_int_equal(pipe2(pipe, 0), 0);
        pid = fork();
        if (pid > 0) {
                pipe[0] = fd_close(pipe[0]);
                return pid;
        }
        (void) close(pipe[1]);
        (void) !read(pipe[0], &byte, 1);
        if (sig > 0)
                (void) raise(sig);
        _exit(status);
}

static void check_end(int status, int sig, int code) {
        int pipe[2];
        pid_t pid = start(pipe, status, sig), found;
        _cleanup_close_ int pidfd = pidfd_open(pid, 0);
        siginfo_t info;
        ProcessExit e = { .code = 42 };
        int r;

        assert_true(pidfd >= 0);
        assert_int_equal(pidfd_get_exit(pidfd, &e), 0);
        assert_int_equal(pidfd_get_pid(pidfd, &found), 0);
        assert_int_equal(found, pid);

        (void) close(pipe[1]);
        assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
        r = pidfd_get_exit(pidfd, &e);
        assert_true(r == -EAGAIN || (r == 1 && e.code == 0)); /* the latter before Linux 6.13 */

        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(pidfd_get_exit(pidfd, &e), 1);
        assert_int_equal(pidfd_get_pid(pidfd, &found), 0);
        assert_int_equal(found, 0);
        if (e.code == 0) { /* before Linux 6.15 */
                assert_int_equal(e.status, 0);
                return;
        }
        assert_int_equal(e.code, code);
        assert_int_equal(e.status, sig > 0 ? sig : status);
}

static void the_end_of_a_reaped_process_is_known_as_far_as_the_kernel_tells(void** state) {
        check_end(0, 0, CLD_EXITED);
        check_end(3, 0, CLD_EXITED);
        check_end(255, 0, CLD_EXITED);
        check_end(0, SIGKILL, CLD_KILLED);
        check_end(0, SIGTERM, CLD_KILLED);
}

static void what_is_no_pidfd_is_told_apart(void** state) {
        _cleanup_close_ int first = -EBADF, second = -EBADF;
        int pipe[2];
        pid_t pid;

        assert_int_equal(pipe2(pipe, 0), 0);
        first = pipe[0];
        second = pipe[1];
        assert_int_equal(pidfd_get_pid(first, &pid), -EBADF);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_end_of_a_reaped_process_is_known_as_far_as_the_kernel_tells),
                cmocka_unit_test(what_is_no_pidfd_is_told_apart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
