/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stand-in/probe.h"
#include "stand-in/reporter.h"
#include "util/macro.h"

/* All return 0, or -1 with errno. */

static int close_again(long fd) {
        if (fd < 0)
                return -1;
        (void) close((int) fd);
        return 0;
}

/* For calls whose arguments make no sense: the kernel asks first whether the caller may. */
static int unless_errno(long r, int expected) {
        return r < 0 && errno != expected ? -1 : 0;
}

static int try_socket(int family, int type, int protocol) {
        return close_again(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int try_packet_socket(void) {
        return try_socket(AF_PACKET, SOCK_RAW, 0);
}

static int try_raw_socket(void) {
        return try_socket(AF_INET, SOCK_RAW, 1);
}

static int try_inet_socket(void) {
        return try_socket(AF_INET, SOCK_STREAM, 0);
}

static int try_unix_socket(void) {
        return try_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_netlink_socket(void) {
        return try_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int try_vsock_socket(void) {
        return try_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int try_setuid(void) {
        return setuid(0);
}

static int try_setgroups(void) {
        return setgroups(0, NULL);
}

static int try_chroot(void) {
        return chroot("/");
}

static int try_mount(void) {
        return close_again(syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */));
}

static int try_unshare(void) {
        return unshare(CLONE_NEWNS);
}

static int try_unshare_user(void) {
        return unshare(CLONE_NEWUSER);
}

static int try_ptrace(void) {
        return (int) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_bpf(void) {
        union bpf_attr attr = {
                .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
        };

        return close_again(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

static int try_keyctl(void) {
        return unless_errno(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0), ENOKEY);
}

static int try_module(void) {
        return unless_errno(syscall(SYS_finit_module, -1, "", 0), EBADF);
}

static int try_reboot(void) {
        return unless_errno(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL);
}

static int try_swapon(void) {
        return unless_errno(swapon("/nonexistent", 0), ENOENT);
}

static int try_sethostname(void) {
        return unless_errno(syscall(SYS_sethostname, "", -1), EINVAL);
}

static int try_nice(void) {
        return setpriority(PRIO_PROCESS, 0, -20);
}

static int try_kill_init(void) {
        return kill(1, 0);
}

static int try_write_etc(void) {
        return faccessat(AT_FDCWD, "/etc", W_OK, AT_EACCESS);
}

static int try_write_usr(void) {
        return faccessat(AT_FDCWD, "/usr", W_OK, AT_EACCESS);
}

static int try_read_home(void) {
        return close_again(open("/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int try_wx_memory(void) {
        void* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return -1;
        (void) munmap(p, 4096);
        return 0;
}

static int try_perf(void) {
        return unless_errno(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0), EFAULT);
}

static int try_userfaultfd(void) {
        return close_again(syscall(SYS_userfaultfd, O_CLOEXEC));
}

static int try_io_uring(void) {
        return unless_errno(syscall(SYS_io_uring_setup, 1, NULL), EFAULT);
}

static const struct {
        const char* name;
        int (*try)(void);
} probes[] = {
        { "bpf", try_bpf },
        { "chroot", try_chroot },
        { "inet-socket", try_inet_socket },
        { "io-uring", try_io_uring },
        { "keyctl", try_keyctl },
        { "kill-init", try_kill_init },
        { "module", try_module },
        { "mount", try_mount },
        { "netlink-socket", try_netlink_socket },
        { "nice", try_nice },
        { "packet-socket", try_packet_socket },
        { "perf", try_perf },
        { "ptrace", try_ptrace },
        { "raw-socket", try_raw_socket },
        { "read-home", try_read_home },
        { "reboot", try_reboot },
        { "setgroups", try_setgroups },
        { "sethostname", try_sethostname },
        { "setuid", try_setuid },
        { "swapon", try_swapon },
        { "unix-socket", try_unix_socket },
        { "unshare", try_unshare },
        { "unshare-user", try_unshare_user },
        { "userfaultfd", try_userfaultfd },
        { "vsock-socket", try_vsock_socket },
        { "write-etc", try_write_etc },
        { "write-usr", try_write_usr },
        { "wx-memory", try_wx_memory },
};

bool probe_exists(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(probes); i++)
                if (strcmp(probes[i].name, name) == 0)
                        return true;
        return false;
}

void probe_print_names(FILE* f) {
        for (size_t i = 0; i < ELEMENTSOF(probes); i++)
                (void) fprintf(f, " %s", probes[i].name);
}

static const char* errno_name(int error) {
        const char* name = error == 0 ? "ok" : strerrorname_np(error);

        return name ? name : "unknown";
}

static void try_in_child(int fd, size_t i) {
        pid_t pid = fork();
        int status = 0;

        if (pid == 0)
                _exit(probes[i].try() < 0 ? errno : 0);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                write_line(fd, "probe.%s=fork:%s", probes[i].name, errno_name(errno));
        else if (WIFSIGNALED(status))
                write_line(fd, "probe.%s=SIG%s", probes[i].name, sigabbrev_np(WTERMSIG(status)));
        else
                write_line(fd, "probe.%s=%s", probes[i].name, errno_name(WEXITSTATUS(status)));
}

void probe_run(int fd, const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(probes); i++)
                if (!name || strcmp(probes[i].name, name) == 0)
                        try_in_child(fd, i);
}

void probe_call(int fd, const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(probes); i++)
                if (strcmp(probes[i].name, name) == 0)
                        write_line(fd, "call.%s=%s", name, errno_name(probes[i].try() < 0 ? errno : 0));
}
