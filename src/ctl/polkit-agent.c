/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/child.h"
#include "ctl/polkit-agent.h"
#include "util/alloc.h"
#include "util/fd.h"

/* polkit may be away; then it does not ask. */
#define REGISTERED_WAIT_MSEC 5000

static _noreturn_ void run(int notify_fd) {
        char number[16];
        int tty;

        /* stdout and stderr may be anything, and it is the terminal that it is to talk to */
        tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (tty >= 0) {
                (void) dup2(tty, STDOUT_FILENO);
                (void) dup2(tty, STDERR_FILENO);
        }
        (void) snprintf(number, sizeof(number), "%d", notify_fd);
        (void) fcntl(notify_fd, F_SETFD, 0);
        (void) execlp("pkttyagent", "pkttyagent", "--notify-fd", number, "--fallback", NULL);
        _exit(127);
}

pid_t polkit_agent_open(void) {
        pid_t agent;
        int fds[2];

        if (geteuid() == 0 || !isatty(STDIN_FILENO))
                return 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return 0;
        agent = child_fork();
        if (agent == 0) {
                fd_close(fds[0]);
                run(fds[1]);
        }
        fd_close(fds[1]);
        if (agent > 0) /* it closes its end when it is registered, or ends */
                (void) poll(&(struct pollfd) { .fd = fds[0], .events = POLLIN }, 1, REGISTERED_WAIT_MSEC);
        fd_close(fds[0]);
        return agent < 0 ? 0 : agent;
}

void polkit_agent_close(pid_t agent) {
        if (agent == 0)
                return;

        (void) kill(agent, SIGTERM);
        (void) kill(agent, SIGCONT);
        (void) child_wait(agent);
}
