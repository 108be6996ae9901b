/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/forker.h"
#include "util/alloc.h"
#include "util/fd.h"

/* Where the thread has its end of the socket, in its own table. */
#define SOCKET_FD 3

/* What is to be done, and what came of it. Whose turn it is to touch it goes back and forth with the messages. */
typedef struct Task {
        forker_child_t child;
        void* userdata;
        size_t n_fds;
        pid_t pid; /* or -errno */
} Task;

struct Forker {
        int socket;
        int thread_socket; /* the other end, until the thread has it */
        pthread_t thread;
        Task task;
};

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * FORKER_FDS_MAX)];
} Control;

static void block_signals(sigset_t* before) {
        sigset_t all;

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, before);
}

/* ---- messages: a byte, and descriptors ---- */

static int send_message(int socket, const int* fds, size_t n) {
        Control control = {};
        struct iovec byte = { .iov_base = (char[]) { '!' }, .iov_len = 1 };
        struct msghdr m = { .msg_iov = &byte, .msg_iovlen = 1 };
        ssize_t size;

        if (n > 0) {
                control.header = (struct cmsghdr) { .cmsg_len = CMSG_LEN(sizeof(int) * n),
                                                    .cmsg_level = SOL_SOCKET,
                                                    .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n);
                m.msg_control = &control;
                m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        }
        do
                size = sendmsg(socket, &m, MSG_NOSIGNAL);
        while (size < 0 && errno == EINTR);
        return size < 0 ? -errno : 0;
}

/* How many descriptors came; -EPIPE: nothing comes any more. */
static int receive_message(int socket, int ret[FORKER_FDS_MAX]) {
        Control control = {};
        char byte;
        struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        const struct cmsghdr* header;
        ssize_t size;
        size_t n;

        do
                size = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
        while (size < 0 && errno == EINTR);
        if (size <= 0)
                return size < 0 ? -errno : -EPIPE;
        header = CMSG_FIRSTHDR(&m);
        n = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
        if (n > 0)
                memcpy(ret, CMSG_DATA(header), sizeof(int) * n);
        return (int) n;
}

/* ---- the thread ---- */

static pid_t fork_child(const Task* task, const int* fds) {
        pid_t pid = fork();

        if (pid == 0) {
                task->child(fds, task->userdata);
                _exit(EXIT_FAILURE);
        }
        return pid < 0 ? -errno : pid;
}

static int have_own_table(int socket) {
        if (unshare(CLONE_FILES) < 0)
                return -errno;
        if (socket != SOCKET_FD && dup3(socket, SOCKET_FD, O_CLOEXEC) < 0)
                return -errno;
        return close_range(SOCKET_FD + 1, ~0U, 0) < 0 ? -errno : 0;
}

static void* serve(void* userdata) {
        Forker* forker = userdata;
        int fds[FORKER_FDS_MAX], n;

        forker->task.pid = have_own_table(forker->thread_socket);
        if (forker->task.pid < 0) {
                (void) send_message(forker->thread_socket, NULL, 0);
                return NULL;
        }
        while (send_message(SOCKET_FD, NULL, 0) >= 0 && (n = receive_message(SOCKET_FD, fds)) >= 0) {
                /* the kernel leaves out what it cannot hand over: a child with fewer would take others for its own */
                forker->task.pid = (size_t) n == forker->task.n_fds ? fork_child(&forker->task, fds) : -EMFILE;
                while (n > 0)
                        (void) close(fds[--n]);
        }
        (void) close(SOCKET_FD);
        return NULL;
}

/* ---- the stem ---- */

static int start_thread(Forker* forker) {
        sigset_t before;
        int r, none[FORKER_FDS_MAX];

        block_signals(&before);
        r = -pthread_create(&forker->thread, NULL, serve, forker);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;
        /* from then on this end is in its own table */
        r = receive_message(forker->socket, none);
        if (r >= 0)
                r = forker->task.pid;
        if (r < 0)
                (void) pthread_join(forker->thread, NULL);
        return r;
}

int forker_new(Forker** ret) {
        Forker* forker = xnew0(Forker);
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                r = -errno;
                free(forker);
                return r;
        }
        forker->socket = pair[0];
        forker->thread_socket = pair[1];
        r = start_thread(forker);
        forker->thread_socket = fd_close(forker->thread_socket);
        if (r < 0) {
                (void) fd_close(forker->socket);
                free(forker);
                return r;
        }
        *ret = forker;
        return 0;
}

Forker* forker_free(Forker* forker) {
        if (!forker)
                return NULL;

        (void) fd_close(forker->socket);
        (void) pthread_join(forker->thread, NULL);
        free(forker);
        return NULL;
}

static pid_t fork_here(const Task* task, const int* fds) {
        sigset_t before;
        pid_t pid;

        block_signals(&before);
        pid = fork_child(task, fds);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        return pid;
}

pid_t forker_fork(Forker* forker, const int* fds, size_t n_fds, forker_child_t child, void* userdata) {
        int none[FORKER_FDS_MAX], r;

        assert(n_fds <= FORKER_FDS_MAX);
        forker->task = (Task) { .child = child, .userdata = userdata, .n_fds = n_fds };
        if (send_message(forker->socket, fds, n_fds) < 0)
                return fork_here(&forker->task, fds);
        r = receive_message(forker->socket, none);
        return r < 0 ? r : forker->task.pid;
}
