/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "stem/pidfd.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/parse.h"

#define FDINFO_SIZE_MAX 4096U
#define PID_KEY "\nPid:\t"

/* linux/pidfd.h of Linux 6.15, which the headers that we are built with may not know yet: the size of the structure is
 * part of the request, and the kernel knows this first size of it for ever. */
typedef struct PidfdInfo {
        uint64_t mask;
        uint64_t cgroupid;
        uint32_t ids[11]; /* pid, tgid, ppid, and eight uids and gids */
        int32_t exit_code;
} PidfdInfo;
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");

#define PIDFD_REQUEST_INFO _IOWR(0xFF, 11, PidfdInfo)
#define PIDFD_MASK_EXIT (UINT64_C(1) << 3)

int pidfd_get_pid(int pidfd, pid_t* ret) {
        _cleanup_free_ char* text = NULL;
        char path[64], *line, *end;
        int64_t pid;
        int r;

        (void) snprintf(path, sizeof path, "/proc/self/fdinfo/%i", pidfd);
        r = file_read_virtual(AT_FDCWD, path, FDINFO_SIZE_MAX, &text);
        if (r < 0)
                return r;
        line = strstr(text, PID_KEY);
        if (!line)
                return -EBADF;
        line += strlen(PID_KEY);
        end = strchr(line, '\n');
        if (end)
                *end = 0;
        if (parse_int_range(line, -1, INT32_MAX, &pid) < 0)
                return -EBADF;
        *ret = pid > 0 ? (pid_t) pid : 0;
        return 0;
}

static ProcessExit from_wait_status(int status) {
        if (WIFSIGNALED(status))
                return (ProcessExit) { .code = WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED, .status = WTERMSIG(status) };
        return (ProcessExit) { .code = CLD_EXITED, .status = WEXITSTATUS(status) };
}

int pidfd_get_exit(int pidfd, ProcessExit* ret) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        PidfdInfo info = { .mask = PIDFD_MASK_EXIT };
        bool reaped;

        if (poll(&p, 1, 0) <= 0 || !(p.revents & POLLIN))
                return 0;

        /* Looked at first: what is reaped in between is asked for again. */
        reaped = pidfd_send_signal(pidfd, 0, NULL, 0) < 0 && errno == ESRCH;
        *ret = (ProcessExit) {};
        if (ioctl(pidfd, PIDFD_REQUEST_INFO, &info) < 0) {
                if (errno == ESRCH && !reaped) /* reaped just now, or by a kernel of before 6.15 */
                        return -EAGAIN;
                return 1; /* a kernel of before 6.13 knows no such request, one of before 6.15 nothing of the dead */
        }
        if (info.mask & PIDFD_MASK_EXIT)
                *ret = from_wait_status(info.exit_code);
        else if (!reaped)
                return -EAGAIN;
        return 1;
}
