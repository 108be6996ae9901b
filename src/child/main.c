/* SPDX-License-Identifier: BSD-3-Clause */

/* zeek-forker: makes children for the stem, and does nothing else.
 *
 * A fork copies the tables of memory and of descriptors of whoever forks, and the child has to get rid of what is not for it. The
 * stem has half a dozen descriptors for each node, libraries, and what it knows of all nodes. This process has next to
 * nothing, so it is quick, and so is what its children execute. They are children of the stem (CLONE_PARENT). It ends when the
 * stem does. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child/child.h"
#include "child/forker-task.h"

static_assert(_CHILD_FD_MAX <= FORKER_FDS_MAX, "a task has room for what a child shall have");

/* As fork(2); libc has nothing that returns in the child and takes flags. */
static pid_t fork_sibling(void) {
#ifdef __s390__
        long pid = syscall(SYS_clone, NULL, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL);
#else
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
#endif

        return pid < 0 ? -errno : (pid_t) pid;
}

static pid_t make_child(const int* fds, LaunchDirectories* directories) {
        pid_t pid = fork_sibling();

        if (pid == 0)
                child_run(fds, directories);
        return pid;
}

/* glibc's posix_spawn(3) leaves the two signals that it keeps for itself ignored, and lets nobody say otherwise; a node would
 * inherit that. */
static void reset_signals_of_libc(void) {
        static const unsigned long action[8] = {}; /* SIG_DFL, whatever the machine's layout */

        for (int sig = 32; sig < SIGRTMIN; sig++)
                (void) syscall(SYS_rt_sigaction, sig, action, NULL, (size_t) _NSIG / 8);
}

static void serve(LaunchDirectories* directories) {
        int fds[FORKER_FDS_MAX], n;
        ForkerTask task;

        while ((n = forker_task_receive(FORKER_FD_SOCKET, &task, fds)) >= 0) {
                /* the kernel leaves out what it cannot hand over: a child with fewer would take others for its own */
                task.pid = n == _CHILD_FD_MAX && task.n_fds == _CHILD_FD_MAX ? make_child(fds, directories) : -EMFILE;
                while (n > 0)
                        (void) close(fds[--n]);
                task.n_fds = 0;
                if (forker_task_send(FORKER_FD_SOCKET, &task, NULL) < 0)
                        break;
        }
}

int main(int argc, char** argv) {
        LaunchDirectories* directories;

        /* an order is memory of the stem, as it is */
        if (argc != 2 || strcmp(argv[1], PROJECT_VERSION) != 0) {
                (void) fprintf(stderr, "zeek-forker %s is for the zeek-stem of the same version, which starts it\n", PROJECT_VERSION);
                return EXIT_FAILURE;
        }
        if (close_range(_FORKER_FD_MAX, ~0U, 0) < 0 || launch_directories_map(FORKER_FD_DIRECTORIES, &directories) < 0) {
                perror("zeek-forker");
                return EXIT_FAILURE;
        }
        (void) close(FORKER_FD_DIRECTORIES);
        reset_signals_of_libc();
        serve(directories);
        _exit(EXIT_SUCCESS);
}
