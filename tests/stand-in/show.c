/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stand-in/show.h"
#include "util/alloc.h"
#include "util/file.h"

#define PROC_FILE_SIZE_MAX (1U << 20)

static const char* const capability_names[] = {
        "cap_chown",           "cap_dac_override",   "cap_dac_read_search",   "cap_fowner",
        "cap_fsetid",          "cap_kill",           "cap_setgid",            "cap_setuid",
        "cap_setpcap",         "cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast",
        "cap_net_admin",       "cap_net_raw",        "cap_ipc_lock",          "cap_ipc_owner",
        "cap_sys_module",      "cap_sys_rawio",      "cap_sys_chroot",        "cap_sys_ptrace",
        "cap_sys_pacct",       "cap_sys_admin",      "cap_sys_boot",          "cap_sys_nice",
        "cap_sys_resource",    "cap_sys_time",       "cap_sys_tty_config",    "cap_mknod",
        "cap_lease",           "cap_audit_write",    "cap_audit_control",     "cap_setfcap",
        "cap_mac_override",    "cap_mac_admin",      "cap_syslog",            "cap_wake_alarm",
        "cap_block_suspend",   "cap_audit_read",     "cap_perfmon",           "cap_bpf",
        "cap_checkpoint_restore",
};

static void show_text(FILE* f, const char* key, const char* value) {
        (void) fprintf(f, "%s=", key);
        for (const unsigned char* p = (const unsigned char*) value; *p; p++)
                if (*p < 0x20 || *p == 0x7f || *p == '\\')
                        (void) fprintf(f, "\\x%02x", *p);
                else
                        (void) fputc(*p, f);
        (void) fputc('\n', f);
}

static void show_number(FILE* f, const char* key, long long value) {
        (void) fprintf(f, "%s=%lld\n", key, value);
}

static void show_link(FILE* f, const char* key, const char* path) {
        char target[PATH_MAX];
        ssize_t n = readlink(path, target, sizeof target - 1);

        if (n < 0)
                return;
        target[n] = 0;
        show_text(f, key, target);
}

static void show_command(FILE* f, int argc, char** argv) {
        show_number(f, "argc", argc);
        for (int i = 0; i < argc; i++) {
                _cleanup_free_ char* key = xasprintf("argv.%d", i);

                show_text(f, key, argv[i]);
        }
        for (char** e = environ; *e; e++) {
                const char* equals = strchr(*e, '=');
                _cleanup_free_ char* key =
                        equals ? xasprintf("env.%.*s", (int) (equals - *e), *e) : xstrdup("env");

                show_text(f, key, equals ? equals + 1 : *e);
        }
        show_link(f, "exe", "/proc/self/exe");
        show_link(f, "cwd", "/proc/self/cwd");
        show_link(f, "root", "/proc/self/root");
}

static void show_ids(FILE* f) {
        gid_t groups[256];
        int n = getgroups(256, groups);

        show_number(f, "pid", getpid());
        show_number(f, "ppid", getppid());
        show_number(f, "pgid", getpgid(0));
        show_number(f, "sid", getsid(0));
        show_number(f, "uid", getuid());
        show_number(f, "euid", geteuid());
        show_number(f, "gid", getgid());
        show_number(f, "egid", getegid());
        (void) fprintf(f, "groups=");
        for (int i = 0; i < n; i++)
                (void) fprintf(f, "%s%u", i > 0 ? "," : "", groups[i]);
        (void) fputc('\n', f);
}

/* The value of a line "NAME:\tVALUE" of /proc/self/status. */
static char* status_value(const char* status, const char* name) {
        size_t length = strlen(name);

        for (const char* line = status; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, name, length) == 0 && line[length] == ':') {
                        const char* value = line + length + 1 + strspn(line + length + 1, " \t");

                        return xstrndup(value, strcspn(value, "\n"));
                }
        }
        return NULL;
}

static void show_status_value(FILE* f, const char* key, const char* status, const char* name) {
        _cleanup_free_ char* value = status_value(status, name);

        if (value)
                show_text(f, key, value);
}

static void show_capabilities(FILE* f, const char* key, const char* status, const char* name) {
        _cleanup_free_ char* value = status_value(status, name);
        unsigned long long set = value ? strtoull(value, NULL, 16) : 0;
        const char* separator = "";

        (void) fprintf(f, "%s=", key);
        for (unsigned i = 0; i < 64; i++) {
                if (!(set & 1ULL << i))
                        continue;
                if (i < ELEMENTSOF(capability_names))
                        (void) fprintf(f, "%s%s", separator, capability_names[i]);
                else
                        (void) fprintf(f, "%scap_%u", separator, i);
                separator = ",";
        }
        (void) fputc('\n', f);
}

static void show_signals(FILE* f, const char* key, const char* status, const char* name) {
        _cleanup_free_ char* value = status_value(status, name);
        unsigned long long set = value ? strtoull(value, NULL, 16) : 0;
        const char* separator = "";

        (void) fprintf(f, "%s=", key);
        for (int i = 1; i <= 64; i++) {
                const char* abbreviation = sigabbrev_np(i);

                if (!(set & 1ULL << (i - 1)))
                        continue;
                if (abbreviation)
                        (void) fprintf(f, "%s%s", separator, abbreviation);
                else
                        (void) fprintf(f, "%s%d", separator, i);
                separator = ",";
        }
        (void) fputc('\n', f);
}

static void show_status(FILE* f) {
        _cleanup_free_ char* status = NULL;

        if (file_read_virtual(AT_FDCWD, "/proc/self/status", PROC_FILE_SIZE_MAX, &status) < 0)
                return;
        show_capabilities(f, "cap.inheritable", status, "CapInh");
        show_capabilities(f, "cap.permitted", status, "CapPrm");
        show_capabilities(f, "cap.effective", status, "CapEff");
        show_capabilities(f, "cap.bounding", status, "CapBnd");
        show_capabilities(f, "cap.ambient", status, "CapAmb");
        show_status_value(f, "no_new_privs", status, "NoNewPrivs");
        show_status_value(f, "seccomp", status, "Seccomp");
        show_status_value(f, "seccomp_filters", status, "Seccomp_filters");
        show_status_value(f, "umask", status, "Umask");
        show_status_value(f, "cpus", status, "Cpus_allowed_list");
        show_status_value(f, "mems", status, "Mems_allowed_list");
        show_signals(f, "signals.blocked", status, "SigBlk");
        show_signals(f, "signals.ignored", status, "SigIgn");
}

static void show_fd(FILE* f, int fd) {
        static const char* const access_modes[] = { "rdonly", "wronly", "rdwr", "path" };
        _cleanup_free_ char* key = xasprintf("fd.%d", fd);
        _cleanup_free_ char* flags_key = xasprintf("fd.%d.flags", fd);
        _cleanup_free_ char* path = xasprintf("/proc/self/fd/%d", fd);
        int flags = fcntl(fd, F_GETFL), fd_flags = fcntl(fd, F_GETFD);

        if (flags < 0 || fd_flags < 0)
                return;
        show_link(f, key, path);
        (void) fprintf(f, "%s=%s%s%s%s\n", flags_key, access_modes[flags & O_ACCMODE],
                       flags & O_APPEND ? ",append" : "", flags & O_NONBLOCK ? ",nonblock" : "",
                       fd_flags & FD_CLOEXEC ? ",cloexec" : "");
}

static void show_fds(FILE* f) {
        DIR* directory = opendir("/proc/self/fd");
        int last = -1, n = 0;
        struct dirent* entry;

        if (!directory)
                return;
        while ((entry = readdir(directory))) {
                int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);

                if (fd < 0 || fd == dirfd(directory))
                        continue;
                n++;
                if (fd > last)
                        last = fd;
        }
        (void) closedir(directory);

        show_number(f, "fds", n);
        for (int fd = 0; fd <= last; fd++)
                show_fd(f, fd);
}

static void show_limits(FILE* f) {
        static const struct {
                const char* name;
                int resource;
        } limits[] = {
                { "as", RLIMIT_AS },           { "core", RLIMIT_CORE },
                { "cpu", RLIMIT_CPU },         { "data", RLIMIT_DATA },
                { "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },
                { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE },
                { "nice", RLIMIT_NICE },       { "nofile", RLIMIT_NOFILE },
                { "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
                { "rtprio", RLIMIT_RTPRIO },   { "sigpending", RLIMIT_SIGPENDING },
                { "stack", RLIMIT_STACK },
        };

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                struct rlimit limit;

                if (getrlimit((__rlimit_resource_t) limits[i].resource, &limit) < 0)
                        continue;
                for (int hard = 0; hard < 2; hard++) {
                        rlim_t value = hard ? limit.rlim_max : limit.rlim_cur;

                        if (hard)
                                (void) fprintf(f, ":");
                        else
                                (void) fprintf(f, "rlimit.%s=", limits[i].name);
                        if (value == RLIM_INFINITY)
                                (void) fprintf(f, "infinity");
                        else
                                (void) fprintf(f, "%llu", (unsigned long long) value);
                }
                (void) fputc('\n', f);
        }
}

static void show_scheduling(FILE* f) {
        _cleanup_free_ char* score = NULL;
        int parent_death_signal = 0;

        errno = 0;
        show_number(f, "nice", getpriority(PRIO_PROCESS, 0));
        show_number(f, "scheduler", sched_getscheduler(0));
        if (file_read_virtual(AT_FDCWD, "/proc/self/oom_score_adj", PROC_FILE_SIZE_MAX, &score) >= 0) {
                score[strcspn(score, "\n")] = 0;
                show_text(f, "oom_score_adj", score);
        }
        show_number(f, "dumpable", prctl(PR_GET_DUMPABLE));
        show_number(f, "securebits", prctl(PR_GET_SECUREBITS));
        if (prctl(PR_GET_PDEATHSIG, &parent_death_signal) >= 0)
                show_number(f, "parent_death_signal", parent_death_signal);
}

/* The unified hierarchy's line, "0::/path". */
static void show_cgroup(FILE* f) {
        _cleanup_free_ char* text = NULL;

        if (file_read_virtual(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_SIZE_MAX, &text) < 0)
                return;
        for (char *line = text, *end; line && *line; line = end ? end + 1 : NULL) {
                end = strchr(line, '\n');
                if (end)
                        *end = 0;
                if (strncmp(line, "0::", 3) == 0)
                        show_text(f, "cgroup", line + 3);
        }
}

static void show_namespaces(FILE* f) {
        static const char* const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char* key = xasprintf("ns.%s", names[i]);
                _cleanup_free_ char* path = xasprintf("/proc/self/ns/%s", names[i]);

                show_link(f, key, path);
        }
}

char* show_inherited(int argc, char** argv) {
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        show_command(f, argc, argv);
        show_ids(f);
        show_status(f);
        show_fds(f);
        show_limits(f);
        show_scheduling(f);
        show_cgroup(f);
        show_namespaces(f);
        (void) fclose(f);
        assert(text);
        return text;
}
