/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "child/child-warning.h"
#include "child/child.h"
#include "child/handing-over.h"
#include "child/passed-calls.h"
#include "child/working-directory.h"

#define CAPABILITIES_MAX 64U
#define OPEN_ATTEMPTS_MAX 8U /* against somebody who makes and removes the file all the time */

typedef struct Child {
        const LaunchOrder* order;
        unsigned n_words; /* of the parent that it has heard */
        int go_fd, report_fd;
        ChildReport report;
        struct rlimit nofile; /* for the program */
        int affinity_error, status_error;
        bool made_output_file, made_error_file, made_status_file;
        bool empties_output, empties_error;
        int made_fds[_NODE_FD_MAX]; /* to be handed over */
} Child;

/* There is one in a process. */
static Child child = { .made_fds = { [0 ... _NODE_FD_MAX - 1] = -EBADF } };

static void send_report(void) {
        /* The pipe holds far more reports than there are steps. A parent that is gone needs none. */
        (void) !passed_write(child.report_fd, &child.report, sizeof child.report);
}

static void begin(ChildStep step, uint32_t index) {
        child.report = (ChildReport) { .step = step, .index = index };
        send_report();
}

static void undo(void) {
        if (child.made_output_file)
                (void) passed_unlink(child.order->output_file);
        if (child.made_error_file)
                (void) passed_unlink(child.order->error_file);
        if (child.made_status_file)
                (void) passed_unlink(child.order->status_file);
        working_directory_remove();
}

/* Returns when the parent has said it. */
static void wait_for(ChildWord word) {
        ssize_t n;
        char byte;

        while (child.n_words <= word) {
                n = passed_read(child.go_fd, &byte, 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n != 1) {
                        undo();
                        passed_exit(EXIT_FAILURE);
                }
                child.n_words++;
        }
}

/* The service manager is about to make a scope for this process: it gets a living one, and nothing to complain of. */
static _noreturn_ void fail_with(int error) {
        child.report.error = error;
        undo();
        wait_for(CHILD_WORD_GO);
        send_report();
        passed_exit(EXIT_FAILURE);
}

static _noreturn_ void fail(void) {
        fail_with(errno);
}

static void set_signal(int sig, sighandler_t handler) {
        struct sigaction action = { .sa_handler = handler };

        /* The two that libc keeps for itself, SIGKILL and SIGSTOP refuse; they are not ours to set. */
        (void) sigaction(sig, &action, NULL);
}

static void reset_signals(void) {
        sigset_t none;

        for (int sig = 1; sig <= SIGRTMAX; sig++)
                set_signal(sig, SIG_DFL);
        /* Until the program runs: once the go was given, the death of the stem does not stop a launch, so a report
         * that nobody reads must not kill. */
        set_signal(SIGPIPE, SIG_IGN);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As systemd does for its services: where more is asked than this machine allows (a container, a user's manager), the
 * most that it allows. */
static int set_limit(int resource, struct rlimit* limit) {
        struct rlimit most;

        if (setrlimit(resource, limit) >= 0)
                return 0;
        if (errno != EPERM || getrlimit(resource, &most) < 0)
                return -1;
        *limit = (struct rlimit) { .rlim_cur = most.rlim_max, .rlim_max = most.rlim_max };
        return setrlimit(resource, limit);
}

/* What the program may have open is also what its user may have under way when the child hands over what it made, and for
 * root that includes all that the stem has put into bundles. So it is only raised here. */
static int set_nofile(rlim_t value) {
        struct rlimit now;

        child.nofile = (struct rlimit) { .rlim_cur = value, .rlim_max = value };
        if (getrlimit(RLIMIT_NOFILE, &now) < 0)
                return -1;
        return value > now.rlim_max ? set_limit(RLIMIT_NOFILE, &child.nofile) : 0;
}

static void apply_limits(const ChildSetup* setup) {
        child.nofile = setup->nofile; /* the parent raised its own */

        for (size_t i = 0; i < child.order->n_limits; i++) {
                const OrderLimit* limit = &child.order->limits[i];
                struct rlimit rlim = { .rlim_cur = limit->value, .rlim_max = limit->value };

                begin(CHILD_LIMIT, (uint32_t) i);
                if ((limit->resource == RLIMIT_NOFILE ? set_nofile(limit->value) : set_limit(limit->resource, &rlim)) < 0)
                        fail();
        }
}

static void apply_oom_score(const ChildSetup* setup) {
        int value = child.order->has_oom_score_adjust ? child.order->oom_score_adjust : 0;
        unsigned digits = (unsigned) (value < 0 ? -value : value);
        char text[8], *p = text + sizeof text;
        int fd;

        if (!child.order->has_oom_score_adjust && !setup->reset_oom_score)
                return;

        begin(CHILD_OOM_SCORE, 0);
        do
                *--p = (char) ('0' + digits % 10);
        while ((digits /= 10) > 0);
        if (value < 0)
                *--p = '-';

        fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, p, (size_t) (text + sizeof text - p)) < 0)
                fail();
        (void) close(fd);
}

static void apply_priorities(const ChildSetup* setup) {
        if (child.order->has_nice) {
                begin(CHILD_NICE, 0);
                if (setpriority(PRIO_PROCESS, 0, child.order->nice) < 0)
                        fail();
        }
        apply_oom_score(setup);

        if (child.order->cpu_mask && sched_setaffinity(0, child.order->cpu_mask_size,
                                                       (const cpu_set_t*) child.order->cpu_mask) < 0)
                child.affinity_error = errno;
}

static void drop_bounding_set(void) {
        for (uint32_t cap = 0; cap < CAPABILITIES_MAX; cap++) {
                if (child.order->ambient_capabilities & (UINT64_C(1) << cap))
                        continue;
                if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1)
                        continue; /* gone, or the kernel has no such capability */
                begin(CHILD_BOUNDING_SET, cap);
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
                        fail();
        }
}

static void change_user(void) {
        begin(CHILD_GROUPS, 0);
        if (setgroups(child.order->n_groups, child.order->groups) < 0)
                fail();
        begin(CHILD_GROUP, 0);
        if (setresgid(child.order->gid, child.order->gid, child.order->gid) < 0)
                fail();
        begin(CHILD_USER, 0);
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
            setresuid(child.order->uid, child.order->uid, child.order->uid) < 0)
                fail();
}

/* Before the file system is touched: from here on only what the node itself may do is done. */
static void limit_capabilities(void) {
        uint64_t wanted = child.order->ambient_capabilities;
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2];

        /* A user manager's service that is asked for none stays as it is, which is without any. */
        if (!child.order->has_user && wanted == 0)
                return;

        begin(CHILD_CAPABILITIES, 0);
        if (syscall(SYS_capget, &header, data) < 0)
                fail();
        for (size_t i = 0; i < ELEMENTSOF(data); i++) {
                /* Those that we do not have ourselves: raising them fails below, and says which. */
                uint32_t word = (uint32_t) (wanted >> (32 * i)) & data[i].permitted;

                data[i] = (struct __user_cap_data_struct) { .effective = word, .permitted = word, .inheritable = word };
        }
        if (syscall(SYS_capset, &header, data) < 0)
                fail();

        for (uint32_t cap = 0; cap < CAPABILITIES_MAX; cap++) {
                if (!(wanted & (UINT64_C(1) << cap)))
                        continue;
                begin(CHILD_AMBIENT, cap);
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
                        fail();
        }
}

static void enter_directory(void) {
        begin(CHILD_DIRECTORY_MAKE, 0);
        int r = working_directory_make(child.order->working_directory);
        if (r < 0)
                fail_with(-r);

        begin(CHILD_DIRECTORY_ENTER, 0);
        if (chdir(child.order->working_directory) < 0)
                fail();
}

static bool is_null_device(const struct stat* st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* The node's user may have put anything there, also while we look: no link is followed, a FIFO does not hang us. */
static int open_output(const char* path, bool* made) {
        const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        struct stat st;
        int fd = -1;

        for (size_t i = 0; fd < 0 && i < OPEN_ATTEMPTS_MAX; i++) {
                fd = open(path, flags | O_CREAT | O_EXCL, 0600);
                if (fd >= 0)
                        *made = true;
                else if (errno != EEXIST)
                        break;
                else {
                        fd = open(path, flags);
                        if (fd < 0 && errno != ENOENT)
                                break;
                }
        }
        if (fd < 0) {
                if (errno == ENXIO) /* a FIFO without a reader, a socket */
                        fail_with(CHILD_ERROR_NOT_REGULAR);
                fail();
        }

        if (fstat(fd, &st) < 0)
                fail();
        if (!S_ISREG(st.st_mode) && !is_null_device(&st))
                fail_with(CHILD_ERROR_NOT_REGULAR);
        if (fcntl(fd, F_SETFL, O_APPEND) < 0)
                fail();
        return fd;
}

/* Makes an open file the standard output or error. *ret: there may be something in it that is to go. */
static void use_output(int fd, int standard_fd, bool* ret) {
        struct stat st;

        if (fstat(fd, &st) < 0 || dup2(fd, standard_fd) < 0)
                fail();
        *ret = child.order->truncate_files && S_ISREG(st.st_mode);
}

static void open_output_files(void) {
        const LaunchOrder* order = child.order;

        if (order->error_file) {
                begin(CHILD_ERROR_FILE, 0);
                use_output(open_output(order->error_file, &child.made_error_file), STDERR_FILENO, &child.empties_error);
        }
        if (order->output_file) {
                begin(CHILD_OUTPUT_FILE, 0);
                use_output(open_output(order->output_file, &child.made_output_file), STDOUT_FILENO, &child.empties_output);
        }
}

/* Once nothing else is left that may fail but the program itself: what is in a file is not lost to a launch that comes to
 * nothing. */
static void empty_output_files(void) {
        if (child.empties_error) {
                begin(CHILD_ERROR_FILE, 0);
                if (passed_empty(STDERR_FILENO) < 0)
                        fail();
        }
        if (child.empties_output) {
                begin(CHILD_OUTPUT_FILE, 0);
                if (passed_empty(STDOUT_FILENO) < 0)
                        fail();
        }
}

/* A file of our own under this name, for the program to write and for the supervisor to read, who has no right to look
 * into the directory and none beyond what everybody has to the file. Whatever was there before, the node's user could
 * have replaced as well. A program that can do without runs without. */
static void make_status_file(void) {
        const char* name = child.order->status_file;

        if (!name)
                return;
        begin(CHILD_STATUS_FILE, 0);
        (void) unlink(name);
        int fd = open(name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        child.made_status_file = fd >= 0;
        if (fd < 0 || fchmod(fd, 0644) < 0) /* whatever the mask */
                child.status_error = errno;
        else
                child.made_fds[NODE_FD_STATUS] = fd;
}

static void warn_of_failures(void) {
        if (child.affinity_error != 0)
                child_warn(child.order->name, "set CPU affinity", child.affinity_error);
        if (child.status_error != 0)
                child_warn(child.order->name, "make its status file", child.status_error);
}

/* From here on only what has a pass is sure to be done. */
static void restrict_system_calls(const ChildFilter* filter) {
        long listener = -1;

        begin(CHILD_SYSTEM_CALLS, 0);
        passed_calls_init(filter->pass);
        if (filter->asking.len > 0)
                listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter->asking);
        if (listener >= 0)
                child.made_fds[NODE_FD_SYSCALLS] = (int) listener;
        else if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter->silent) < 0)
                /* nor could the kernel ask: it is too old, or somebody listens to our own calls */
                fail();
}

static void confine(const ChildFilter* filter) {
        begin(CHILD_NO_NEW_PRIVILEGES, 0);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                fail();
        set_signal(SIGPIPE, SIG_DFL);
        if (filter)
                restrict_system_calls(filter);
        begin(CHILD_HANDOVER, 0);
        int r = hand_over(CHILD_FD_HANDOVER, child.made_fds);
        if (r < 0)
                fail_with(-r);
        if (passed_set_limit(RLIMIT_NOFILE, &child.nofile) < 0)
                fail();
}

static _noreturn_ void execute(void) {
        const LaunchOrder* order = child.order;

        begin(CHILD_EXECUTE, 0);
        (void) passed_execve(order->arguments[0], order->arguments, order->environment ? order->environment : (char*[]) { NULL });
        fail();
}

/* As systemd's children have it before they execute something: "(worker-1)". A probe has no name. */
static void take_name(const char* node) {
        const char* text = node ? node : "probe";
        size_t length = min_size(strlen(text), 13);
        char name[16] = "(";

        memcpy(name + 1, text, length);
        name[length + 1] = ')';
        (void) prctl(PR_SET_NAME, name);
}

static const ChildSetup* receive_order(void) {
        const ChildOrder* told;

        wait_for(CHILD_WORD_ORDER);
        told = child_order_read(CHILD_FD_ORDER);
        if (!told)
                fail();
        child.order = &told->order;
        return &told->setup;
}

void child_run(const int fds[_CHILD_FD_MAX], LaunchDirectories* directories) {
        child.report_fd = fds[CHILD_FD_REPORT];
        child.go_fd = fds[CHILD_FD_GO];
        child.report.step = CHILD_DESCRIPTORS;

        int r = child_fds_arrange(fds);
        if (r < 0)
                fail_with(-r);
        child.report_fd = CHILD_FD_REPORT;
        child.go_fd = CHILD_FD_GO;
        reset_signals();

        const ChildSetup* setup = receive_order();
        const LaunchOrder* order = child.order;

        begin(CHILD_SESSION, 0);
        if (setsid() < 0)
                fail();
        take_name(order->name);
        working_directory_init(directories, setup->directory_use);
        apply_limits(setup);
        apply_priorities(setup);
        if (order->has_umask)
                (void) umask(order->umask);
        if (order->has_user) {
                drop_bounding_set();
                change_user();
        }
        limit_capabilities();
        enter_directory();
        open_output_files();
        make_status_file();
        confine(setup->filter);

        begin(CHILD_SCOPE, 0);
        wait_for(CHILD_WORD_GO);
        empty_output_files();
        warn_of_failures();
        execute();
}
