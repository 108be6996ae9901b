/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/system-calls.h"
#include "util/macro.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Names that an architecture or an older libseccomp does not have are passed over: 32-bit architectures have their own
 * for large files and for times beyond 2038. */
static const char* const plain_calls[] = {
        /* the loop */
        "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "inotify_add_watch",
        "inotify_init1", "inotify_rm_watch", "poll", "ppoll", "ppoll_time64", "signalfd4", "timerfd_create", "timerfd_settime",
        "timerfd_settime64",
        /* files, and looking at /proc */
        "access", "close", "faccessat", "faccessat2", "fchmod", "fcntl", "fcntl64", "fstat", "fstat64", "fstatat64", "fstatfs",
        "fstatfs64", "ftruncate", "ftruncate64", "getcwd", "getdents64", "_llseek", "lseek", "lstat", "lstat64", "memfd_create",
        "mkdir", "mkdirat", "newfstatat", "open", "openat", "pread64", "preadv2", "pwrite64", "read", "readlink", "readlinkat", "readv",
        "rename", "renameat", "renameat2", "rmdir", "stat", "stat64", "statfs", "statfs64", "statx", "unlink", "unlinkat",
        "write", "writev",
        /* pipes */
        "pipe2", "splice", "tee",
        /* sockets that are there */
        "bind", "connect", "getpeername", "getsockname", "getsockopt", "recv", "recvfrom", "recvmsg", "send", "sendmsg", "sendto",
        "setsockopt", "shutdown",
        /* memory */
        "brk", "madvise", "membarrier", "mremap", "munmap",
        /* threads */
        "exit", "futex", "futex_time64", "gettid", "get_robust_list", "rseq", "sched_getaffinity", "sched_yield",
        "set_robust_list", "set_tid_address",
        /* signals and time */
        "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
        "clock_nanosleep_time64", "gettimeofday", "nanosleep", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
        "rt_sigreturn", "sigaltstack", "sigreturn", "time",
        /* who we are, and the end */
        "exit_group", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getpid", "getppid", "getrandom",
        "getrlimit", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname",
};

/* LeakSanitizer looks at its process from a second one. */
static const char* const calls_of_sanitizers[] = {
        "clone", "getdents", "mmap", "mprotect", "prctl", "ptrace", "tgkill", "wait4", "waitpid",
};

/* Calls with a word to say about one argument. */
typedef struct ArgumentRule {
        const char* call;
        struct scmp_arg_cmp argument;
} ArgumentRule;

#define IS(index, value) { (index), SCMP_CMP_EQ, (scmp_datum_t) (value), 0 }
#define HAS_ALL(index, bits) { (index), SCMP_CMP_MASKED_EQ, (scmp_datum_t) (bits), (scmp_datum_t) (bits) }
#define HAS_NONE(index, bits) { (index), SCMP_CMP_MASKED_EQ, (scmp_datum_t) (bits), 0 }

static const ArgumentRule argument_rules[] = {
        { "socket", IS(0, AF_UNIX) },
        { "socketpair", IS(0, AF_UNIX) },
        /* Of two rules one is enough: executable, or writable, or neither. */
        { "mmap", HAS_NONE(2, PROT_EXEC) },
        { "mmap", HAS_NONE(2, PROT_WRITE) },
        { "mmap2", HAS_NONE(2, PROT_EXEC) },
        { "mmap2", HAS_NONE(2, PROT_WRITE) },
        { "mprotect", HAS_NONE(2, PROT_EXEC) },
        /* Threads, no processes. clone3(2) has its flags where no filter sees them, and libraries go on with clone(2). */
        { "clone", HAS_ALL(0, CLONE_THREAD) },
        { "prctl", IS(0, PR_SET_NAME) },
        { "prctl", IS(0, PR_GET_NAME) },
        { "prctl", IS(0, PR_CAPBSET_READ) }, /* libsystemd asks how many capabilities there are */
        { "prlimit64", IS(2, 0) },           /* looks, sets nothing */
        { "ioctl", IS(1, FIONREAD) },
        { "ioctl", IS(1, TCGETS) }, /* isatty(3) */
};

/* A name that the library or the architecture does not know, or a rule that another one has made needless, is no error. */
static int allow(scmp_filter_ctx filter, const char* name, const struct scmp_arg_cmp* argument) {
        int call = seccomp_syscall_resolve_name(name), r;

        if (call == __NR_SCMP_ERROR)
                return 0;
        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, argument ? 1 : 0, argument);
        return r == -EDOM || r == -EEXIST ? 0 : r;
}

static int allow_all(scmp_filter_ctx filter, const char* const* names, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = allow(filter, names[i], NULL);
        return r;
}

static int set_up(scmp_filter_ctx filter) {
        /* abort(3); the pid of the process that the filter is for */
        const struct scmp_arg_cmp ourselves = IS(0, getpid());
        int r;

        r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree in place of a list */
        if (r >= 0)
                r = allow_all(filter, plain_calls, ELEMENTSOF(plain_calls));
        if (r >= 0 && SANITIZED)
                r = allow_all(filter, calls_of_sanitizers, ELEMENTSOF(calls_of_sanitizers));
        for (size_t i = 0; i < ELEMENTSOF(argument_rules) && r >= 0; i++)
                r = allow(filter, argument_rules[i].call, &argument_rules[i].argument);
        if (r >= 0)
                r = allow(filter, "tgkill", &ourselves);
        return r;
}

int system_calls_filter_new(uint32_t architecture, void** ret) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        int r = 0;

        if (!filter)
                return -ENOMEM;

        if (architecture != seccomp_arch_native()) {
                r = seccomp_arch_add(filter, architecture);
                if (r >= 0)
                        r = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
        }
        if (r >= 0)
                r = set_up(filter);
        if (r < 0) {
                seccomp_release(filter);
                return r;
        }

        *ret = filter;
        return 0;
}

int system_calls_confine(void) {
        scmp_filter_ctx filter;
        int r;

        r = system_calls_filter_new(seccomp_arch_native(), &filter);
        if (r < 0)
                return r;
        r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}
