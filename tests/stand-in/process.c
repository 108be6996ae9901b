/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stand-in/process.h"

/* Long enough for any test, and an end for what a test leaves behind. */
#define DESCENDANT_LIFETIME_SEC 3600

static void reset_signals(void) {
        sigset_t none;

        /* exec resets handlers, but not what is ignored or blocked */
        (void) signal(SIGPIPE, SIG_DFL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static int wait_for(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return status;
}

int process_run_shell(const char* command) {
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                reset_signals();
                (void) execl("/bin/sh", "sh", "-c", command, (char*) NULL);
                _exit(127);
        }
        return wait_for(pid);
}

static void sleep_in_child(const DescendantOptions* options) {
        /* before signals come through, so that none comes too early to be ignored */
        if (options->ignore_term)
                (void) signal(SIGTERM, SIG_IGN);
        reset_signals();
        if (!options->keep_pipes) {
                int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

                (void) dup2(fd, STDOUT_FILENO);
                (void) dup2(fd, STDERR_FILENO);
        }
        (void) prctl(PR_SET_NAME, "zeek-descendant");
        for (unsigned left = DESCENDANT_LIFETIME_SEC; left > 0;)
                left = sleep(left);
        _exit(0);
}

/* fork() with all signals blocked in the child. */
static pid_t fork_blocked(void) {
        sigset_t all, before;
        pid_t pid;

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_BLOCK, &all, &before);
        pid = fork();
        if (pid != 0) {
                int saved_errno = errno;

                (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
                errno = saved_errno;
        }
        return pid;
}

pid_t process_start_sleeper(const DescendantOptions* options) {
        pid_t pid = fork_blocked();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                sleep_in_child(options);
        return pid;
}

int process_start_daemon(const DescendantOptions* options) {
        pid_t pid = fork_blocked();
        int status;

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void) setsid();
                pid = fork();
                if (pid == 0)
                        sleep_in_child(options);
                _exit(pid < 0 ? 1 : 0);
        }
        status = wait_for(pid);
        if (status < 0)
                return status;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EAGAIN;
}
