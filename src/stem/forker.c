/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/forker-task.h"
#include "stem/forker.h"
#include "stem/limits.h"
#include "util/fd.h"
#include "util/log.h"

struct Forker {
        const char* program;
        int directories_fd;
        int socket; /* empty: it could not be started again */
        pid_t pid;
};

static int spawn(Forker* forker, int socket) {
        char* const arguments[] = { (char*) forker->program, (char*) PROJECT_VERSION, NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t all;
        int r;

        (void) sigfillset(&all);
        (void) posix_spawnattr_init(&attributes);
        (void) posix_spawn_file_actions_init(&actions);
        r = -posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        if (r >= 0)
                r = -posix_spawnattr_setsigmask(&attributes, &all);
        if (r >= 0)
                r = -posix_spawn_file_actions_adddup2(&actions, socket, FORKER_FD_SOCKET);
        if (r >= 0)
                r = -posix_spawn_file_actions_adddup2(&actions, forker->directories_fd, FORKER_FD_DIRECTORIES);
        if (r >= 0)
                r = -posix_spawn(&forker->pid, forker->program, &actions, &attributes, arguments, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);
        return r;
}

static int start(Forker* forker) {
        static const struct timeval timeout = { .tv_sec = FORKER_TIMEOUT_USEC / USEC_PER_SEC };
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        (void) setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        r = spawn(forker, pair[1]);
        (void) close(pair[1]);
        if (r < 0) {
                (void) close(pair[0]);
                return r;
        }
        forker->socket = pair[0];
        return 0;
}

static void reap(pid_t pid) {
        while (waitpid(pid, NULL, 0) > 0 || errno == EINTR)
                ;
}

/* It, and a child of which it has not told us: that one is in its process group still. A forker that was killed before it was a
 * program of its own is not in it. */
static void stop(Forker* forker) {
        forker->socket = fd_close(forker->socket);
        if (forker->pid > 0) {
                (void) kill(-forker->pid, SIGKILL);
                (void) kill(forker->pid, SIGKILL);
                reap(-forker->pid);
                reap(forker->pid);
        }
        forker->pid = 0;
}

char* forker_find_program(void) {
        char path[PATH_MAX];
        ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);

        if (size < 0)
                return NULL;
        path[size] = 0;
        return xasprintf("%.*s/zeek-forker", (int) (strrchr(path, '/') - path), path);
}

int forker_new(const char* program, int directories_fd, Forker** ret) {
        _cleanup_(forker_freep) Forker* forker = xnew0(Forker);
        int r;

        forker->program = program;
        forker->socket = -EBADF;
        /* where no descriptor will be that it is to find */
        forker->directories_fd = fcntl(directories_fd, F_DUPFD_CLOEXEC, _FORKER_FD_MAX);
        if (forker->directories_fd < 0)
                return -errno;
        r = start(forker);
        if (r < 0)
                return r;
        *ret = take_ptr(forker);
        return 0;
}

Forker* forker_free(Forker* forker) {
        if (!forker)
                return NULL;

        stop(forker);
        forker->directories_fd = fd_close(forker->directories_fd);
        free(forker);
        return NULL;
}

static int restart(Forker* forker, const char* why) {
        log_warning("zeek-forker %s, starting another one", why);
        stop(forker);
        return start(forker);
}

static int ask(const Forker* forker, const int* fds, size_t n_fds, pid_t* ret) {
        ForkerTask task = { .n_fds = n_fds };
        int none[FORKER_FDS_MAX], r;

        r = forker->socket < 0 ? -EPIPE : forker_task_send(forker->socket, &task, fds);
        if (r >= 0)
                r = forker_task_receive(forker->socket, &task, none);
        if (r >= 0)
                *ret = task.pid;
        return r;
}

pid_t forker_fork(Forker* forker, const int* fds, size_t n_fds) {
        pid_t pid = 0;
        int r;

        assert(n_fds <= FORKER_FDS_MAX);
        r = ask(forker, fds, n_fds, &pid);
        if (r == -EPIPE) {
                /* If there was a child already, it has gone with it. */
                r = restart(forker, "has ended");
                if (r >= 0)
                        r = ask(forker, fds, n_fds, &pid);
        } else if (r == -ETIMEDOUT)
                (void) restart(forker, "does not answer");
        if (r < 0)
                return r;
        /* From here on it is whoever asked for it that knows it and reaps it. */
        if (pid > 0)
                (void) setpgid(pid, getpgrp());
        return pid;
}
