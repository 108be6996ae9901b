/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/pidfd.h>

#include "stem/adopt.h"
#include "stem/pidfd.h"
#include "stem/scope-name.h"
#include "util/alloc.h"
#include "util/fd.h"

/* By number alone: the number may have passed on to another process. */
static int find_process(const char* scope, pid_t pid) {
        _cleanup_close_ int pidfd = pidfd_open(pid, 0);

        if (pidfd < 0)
                return errno == ESRCH || errno == EINVAL ? -ESRCH : -errno;
        if (!scope_has_process(scope, pid))
                return -ESRCH;
        /* What was looked at was this process and no later one, if it is still there. */
        if (pidfd_send_signal(pidfd, 0, NULL, 0) < 0 && errno == ESRCH)
                return -ESRCH;
        return take_fd(pidfd);
}

static int take_stream(int fd) {
        _cleanup_close_ int copy = fd >= 0 ? fd_duplicate(fd) : open("/dev/null", O_RDONLY | O_CLOEXEC);
        int r;

        if (copy < 0)
                return fd >= 0 ? copy : -errno;
        r = fd_set_nonblocking(copy, true);
        return r < 0 ? r : take_fd(copy);
}

int adopt_process(const char* scope, pid_t pid, int pidfd, int output, int error, Process* ret) {
        Process process = PROCESS_NONE;
        pid_t pid_of_fd;
        int r = 0;

        process.pid = pid;
        if (pidfd >= 0 && pidfd_get_pid(pidfd, &pid_of_fd) >= 0) {
                if (pid_of_fd != 0 && pid_of_fd != pid)
                        return -EINVAL;
                process.pidfd = fd_duplicate(pidfd);
        } else
                process.pidfd = find_process(scope, pid);
        if (process.pidfd < 0 && process.pidfd != -ESRCH)
                r = process.pidfd;
        if (process.pidfd < 0)
                process.pidfd = -EBADF;

        if (r >= 0)
                r = process.output = take_stream(output);
        if (r >= 0)
                r = process.error = take_stream(error);
        if (r < 0) {
                process_release(&process);
                return r;
        }
        *ret = process;
        return 0;
}

int adopt(NodeTable* nodes, Store* store, const char* name, const char* scope, Process* process) {
        const NodeRecord record = { .name = (char*) name, .scope = (char*) scope };
        StoreSlot* slot = NULL;
        HeldNode* node;
        int r;

        /* It runs already: nothing has to wait for the store. */
        r = store_add(store, name, scope, process, NULL, NULL, &slot);
        if (r < 0)
                return r;
        store_slot_launched(slot);
        r = node_table_restore(nodes, &record, process, &slot, &node);
        if (r < 0)
                store_slot_drop(slot);
        return r < 0 ? r : 0;
}
