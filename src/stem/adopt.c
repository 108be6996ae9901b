/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/pidfd.h>

#include "stem/adopt.h"
#include "stem/kept-fds.h"
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

/* -ESRCH: there is no such process, or none of ours. */
static int take_pidfd(const char* scope, pid_t pid, int pidfd) {
        pid_t pid_of_fd;

        if (pidfd < 0 || pidfd_get_pid(pidfd, &pid_of_fd) < 0)
                return find_process(scope, pid);
        return pid_of_fd != 0 && pid_of_fd != pid ? -EINVAL : fd_duplicate(pidfd);
}

/* What does not belong there is not taken, for the next stem would not find it in the store either. */
static int take_others(const int fds[_NODE_FD_MAX], Process* process) {
        for (unsigned i = NODE_FD_PROCESS + 1; i < _NODE_FD_MAX; i++) {
                int r;

                if (kept_fd_number(i, fds[i]) == 0)
                        continue;
                r = process->fds[i] = fd_duplicate(fds[i]);
                if (r >= 0)
                        r = fd_set_nonblocking(r, true);
                if (r < 0)
                        return r;
        }
        return 0;
}

int adopt_process(const char* scope, pid_t pid, const int fds[_NODE_FD_MAX], Process* ret) {
        Process process = PROCESS_NONE;
        int r = take_pidfd(scope, pid, fds[NODE_FD_PROCESS]);

        if (r < 0 && r != -ESRCH)
                return r;
        process.pid = pid;
        process.fds[NODE_FD_PROCESS] = r < 0 ? -EBADF : r;
        r = take_others(fds, &process);
        if (r < 0) {
                process_release(&process);
                return r;
        }
        *ret = process;
        return 0;
}

int adopt(NodeTable* nodes, Store* store, const char* name, const char* scope, const char* verdicts, Process* process) {
        const NodeRecord record = { .name = (char*) name, .scope = (char*) scope, .verdicts = (char*) verdicts };
        StoreSlot* slot = NULL;
        HeldNode* node;
        int r;

        /* It runs already: nothing has to wait for the store. */
        r = store_add(store, &record, process, NULL, NULL, &slot);
        if (r < 0)
                return r;
        store_slot_launched(slot);
        r = node_table_restore(nodes, &record, process, &slot, &node);
        if (r < 0)
                store_slot_drop(slot);
        return r < 0 ? r : 0;
}
