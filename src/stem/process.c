/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/child.h"
#include "stem/handover.h"
#include "stem/limits.h"
#include "stem/pidfd.h"
#include "stem/process.h"
#include "util/fd.h"
#include "util/file.h"

/* Our ends and the child's ends while a child is made. */
typedef struct Pipes {
        int output[2];
        int error[2];
        int report[2];
        int go[2];
        int handover[2];
} Pipes;

static void close_pair(int pair[2]) {
        pair[0] = fd_close(pair[0]);
        pair[1] = fd_close(pair[1]);
}

static void pipes_done(Pipes* pipes) {
        close_pair(pipes->output);
        close_pair(pipes->error);
        close_pair(pipes->report);
        close_pair(pipes->go);
        close_pair(pipes->handover);
}

static bool own_oom_score_is_negative(void) {
        _cleanup_free_ char* text = NULL;

        return file_read_virtual(AT_FDCWD, "/proc/self/oom_score_adj", 64, &text) >= 0 && text[0] == '-';
}

int spawn_settings_init(SpawnSettings* settings, const char* forker) {
        _cleanup_close_ int directories_fd = -EBADF;
        struct rlimit raised;
        int r;

        *settings = (SpawnSettings) { .null_fd = -EBADF };
        settings->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (settings->null_fd < 0)
                return -errno;

        /* Several descriptors a node: the soft limit of 1024 is for programs that use select(2), and the nodes get it
         * back. */
        if (getrlimit(RLIMIT_NOFILE, &settings->nofile) < 0)
                return -errno;
        raised = (struct rlimit) { .rlim_cur = settings->nofile.rlim_max, .rlim_max = settings->nofile.rlim_max };
        if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
                return -errno;

        /* A unit that protects the stem from the OOM killer does not mean its children. */
        settings->reset_oom_score = own_oom_score_is_negative();
        settings->filters = syscall_filters_new();
        r = launch_directories_new(&settings->directories, &directories_fd);
        return r < 0 ? r : forker_new(forker, directories_fd, &settings->forker);
}

void spawn_settings_done(SpawnSettings* settings) {
        settings->forker = forker_free(settings->forker);
        settings->null_fd = fd_close(settings->null_fd);
        settings->directories = launch_directories_free(settings->directories);
        settings->filters = syscall_filters_free(settings->filters);
}

static int make_output_pipe(int ret[2]) {
        int pair[2];
        int r;

        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        /* Only our end: the node's is a description of its own, and stays blocking. */
        r = fd_set_nonblocking(pair[0], true);
        if (r < 0) {
                close_pair(pair);
                return r;
        }
        /* Beyond fs.pipe-user-pages-soft an unprivileged stem is refused; the pipe then stays small. */
        (void) fcntl(pair[0], F_SETPIPE_SZ, OUTPUT_PIPE_SIZE);

        memcpy(ret, pair, sizeof pair);
        return 0;
}

static int make_pipes(SpawnKind kind, Pipes* pipes) {
        int r;

        r = make_output_pipe(pipes->output);
        if (r >= 0 && kind == SPAWN_NODE)
                r = make_output_pipe(pipes->error);
        if (r >= 0 && pipe2(pipes->report, O_CLOEXEC) < 0)
                r = -errno;
        if (r >= 0)
                r = fd_set_nonblocking(pipes->report[0], true);
        if (r >= 0 && pipe2(pipes->go, O_CLOEXEC) < 0)
                r = -errno;
        if (r >= 0 && kind == SPAWN_NODE)
                r = handover_make(pipes->handover);
        return r;
}

void process_abort(Process* p) {
        siginfo_t info;

        if (p->pid <= 0)
                return;

        process_kill(p);
        while (waitid(P_PIDFD, (id_t) p->fds[NODE_FD_PROCESS], &info, WEXITED) < 0 && errno == EINTR)
                ;
        process_release(p);
}

static pid_t fork_child(const SpawnSettings* settings, int input_fd, const Pipes* pipes, int told) {
        const int null_fd = settings->null_fd;
        const int fds[_CHILD_FD_MAX] = {
                [CHILD_FD_INPUT] = input_fd >= 0 ? input_fd : null_fd,
                [CHILD_FD_OUTPUT] = pipes->output[1],
                [CHILD_FD_ERROR] = pipes->error[1] >= 0 ? pipes->error[1] : null_fd,
                [CHILD_FD_REPORT] = pipes->report[1],
                [CHILD_FD_GO] = pipes->go[0],
                [CHILD_FD_ORDER] = told,
                [CHILD_FD_HANDOVER] = pipes->handover[1] >= 0 ? pipes->handover[1] : null_fd,
        };

        return forker_fork(settings->forker, fds, _CHILD_FD_MAX);
}

int process_make(const SpawnSettings* settings, SpawnKind kind, int input_fd, Process* ret) {
        _cleanup_(pipes_done) Pipes pipes = { .output = { -EBADF, -EBADF },
                                              .error = { -EBADF, -EBADF },
                                              .report = { -EBADF, -EBADF },
                                              .go = { -EBADF, -EBADF },
                                              .handover = { -EBADF, -EBADF } };
        _cleanup_close_ int told = -EBADF;
        Process p = PROCESS_NONE;
        int r = make_pipes(kind, &pipes);

        if (r >= 0)
                r = told = child_order_new();
        if (r < 0)
                return r;

        p.pid = fork_child(settings, input_fd, &pipes, told);
        if (p.pid < 0)
                return p.pid;

        p.fds[NODE_FD_PROCESS] = pidfd_open(p.pid, 0);
        if (p.fds[NODE_FD_PROCESS] < 0) {
                r = -errno;
                (void) kill(p.pid, SIGKILL);
                while (waitpid(p.pid, NULL, 0) < 0 && errno == EINTR)
                        ;
                return r;
        }
        p.fds[NODE_FD_OUTPUT] = take_fd(pipes.output[0]);
        p.fds[NODE_FD_ERROR] = take_fd(pipes.error[0]);
        p.fds[PROCESS_FD_REPORT] = take_fd(pipes.report[0]);
        p.fds[PROCESS_FD_HANDOVER] = take_fd(pipes.handover[0]);
        p.go = take_fd(pipes.go[1]);
        p.told = take_fd(told);
        *ret = p;
        return 0;
}

/* One that was killed meanwhile is no news: its end will be seen. */
static int say(int go, ChildWord word) {
        return write(go, &(char) { (char) ('0' + word) }, 1) < 0 && errno != EPIPE ? -errno : 0;
}

int process_instruct(Process* p, const SpawnSettings* settings, const LaunchOrder* order) {
        ChildSetup setup = { .nofile = settings->nofile,
                             .reset_oom_score = settings->reset_oom_score,
                             .directory_use = p->directory_use };
        const SyscallFilter* filter;
        ChildFilter programs;
        int r = syscall_filters_get(settings->filters, &order->syscalls, &filter);

        if (r >= 0 && filter) {
                programs = (ChildFilter) { .asking = filter->asking, .silent = filter->silent, .pass = filter->pass };
                setup.filter = &programs;
        }
        if (r >= 0)
                r = child_order_write(p->told, order, &setup);
        if (r < 0)
                return r;
        p->told = fd_close(p->told);
        if (!launch_order_makes_fds(order))
                p->fds[PROCESS_FD_HANDOVER] = fd_close(p->fds[PROCESS_FD_HANDOVER]);
        return say(p->go, CHILD_WORD_ORDER);
}

int process_go(Process* p) {
        _cleanup_close_ int go = take_fd(p->go);

        return say(go, CHILD_WORD_GO);
}

void process_kill(const Process* p) {
        if (p->fds[NODE_FD_PROCESS] >= 0)
                (void) pidfd_send_signal(p->fds[NODE_FD_PROCESS], SIGKILL, NULL, 0);
}

void process_kill_group(const Process* p) {
        process_kill(p);
        /* It is a session leader of its own once it has got that far; not reaped, so the number is still its. */
        if (p->pid > 0)
                (void) kill(-p->pid, SIGKILL);
}

static int wait_for(const Process* p, int options, ProcessExit* ret) {
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t) p->fds[NODE_FD_PROCESS], &info, WEXITED | WNOHANG | options) < 0)
                return -errno;
        if (info.si_pid == 0)
                return 0;
        if (ret)
                *ret = (ProcessExit) { .code = info.si_code, .status = info.si_status };
        return 1;
}

int process_peek(const Process* p, ProcessExit* ret) {
        ProcessExit e = {};
        int r = 1;

        if (p->fds[NODE_FD_PROCESS] >= 0)
                r = wait_for(p, WNOWAIT, &e);
        if (r == -ECHILD)
                r = pidfd_get_exit(p->fds[NODE_FD_PROCESS], &e);
        if (r > 0 && ret)
                *ret = e;
        return r;
}

void process_release(Process* p) {
        if (p->fds[NODE_FD_PROCESS] >= 0)
                (void) wait_for(p, 0, NULL);
        for (unsigned i = 0; i < _PROCESS_FD_MAX; i++)
                p->fds[i] = fd_close(p->fds[i]);
        p->go = fd_close(p->go);
        p->told = fd_close(p->told);
        p->pid = 0;
}

/* A pipe with what is in this one, which keeps it. */
static int copy_pipe(int fd) {
        int copy[2];

        if (pipe2(copy, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        (void) tee(fd, copy[1], CHILD_REPORTS_SIZE_MAX, SPLICE_F_NONBLOCK);
        (void) fd_close(copy[1]);
        return copy[0];
}

SpawnProgress process_read_report(const Process* p, ChildReport* last) {
        struct pollfd report_end = { .fd = p->fds[PROCESS_FD_REPORT] };
        /* Asked first: behind the end nothing more comes. */
        bool is_over = poll(&report_end, 1, 0) > 0;
        _cleanup_close_ int copy = copy_pipe(p->fds[PROCESS_FD_REPORT]);
        ChildReport report;

        /* Without a descriptor to spare the only one who reads it is us. */
        while (read(copy >= 0 ? copy : p->fds[PROCESS_FD_REPORT], &report, sizeof report) == (ssize_t) sizeof report)
                *last = report;
        if (!is_over)
                return SPAWN_UNDER_WAY;
        return last->error == 0 && last->step == CHILD_EXECUTE ? SPAWN_EXECUTED : SPAWN_FAILED;
}

char* process_exit_describe(const ProcessExit* e) {
        const char* name;

        if (e->code == CLD_EXITED)
                return xasprintf("exited with status %i", e->status);
        name = sigabbrev_np(e->status);
        return name ? xasprintf("killed by signal %i (SIG%s)", e->status, name)
                    : xasprintf("killed by signal %i", e->status);
}
