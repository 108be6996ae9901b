/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/pidfd.h>

#include "stem/adopt.h"
#include "stem/kept-fds.h"
#include "stem/pidfd.h"
#include "stem/process-name.h"
#include "stem/scope-name.h"
#include "stem/syscall-verdicts.h"
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

/* -EINVAL: the pidfd is that of another process. */
static int adopt_process(const char* scope, pid_t pid, const int fds[_NODE_FD_MAX], Process* ret) {
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

static int read_verdicts(sd_bus_message* m, char** ret, sd_bus_error* error) {
        _cleanup_(syscall_order_done) SyscallOrder order = {};
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        int r = launch_order_read_system_calls(m, &order, error);

        if (r >= 0)
                r = launch_order_check_system_calls(&order, error);
        if (r < 0 || !order.calls)
                return r;
        r = syscall_verdicts_from_string(order.calls, &verdicts);
        if (r >= 0)
                *ret = syscall_verdicts_asked(&verdicts, order.restricts_families);
        return r;
}

int adoption_read(sd_bus_message* m, Adoption* a, sd_bus_error* error) {
        int fds[_NODE_FD_MAX];
        uint32_t pid;
        int r;

        r = sd_bus_message_read(m, "ssu", &a->name, &a->scope, &pid);
        if (r >= 0)
                r = node_fds_read(m, fds);
        if (r == -EBADMSG)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "A descriptor is given twice");
        if (r >= 0)
                r = read_verdicts(m, &a->verdicts, error);
        if (r < 0)
                return r;

        _cleanup_free_ char* why = process_name_check(a->name);
        if (why || !scope_name_is_valid(a->scope) || pid == 0 || pid > INT32_MAX) {
                (void) sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Not a name, a scope and a process%s%s",
                                         why ? ": " : "", why ? why : "");
                return -EINVAL;
        }
        r = adopt_process(a->scope, (pid_t) pid, fds, &a->process);
        if (r == -EINVAL)
                (void) sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "The pidfd is not that of process %u", pid);
        return r;
}

void adoption_done(Adoption* a) {
        process_release(&a->process);
        free(a->verdicts);
}

int adopt(NodeTable* nodes, Store* store, Adoption* a) {
        const NodeRecord record = { .name = (char*) a->name, .scope = (char*) a->scope, .verdicts = a->verdicts };
        StoreSlot* slot = NULL;
        HeldNode* node;
        int r;

        /* It runs already: nothing has to wait for the store. */
        r = store_add(store, &record, &a->process, NULL, NULL, &slot);
        if (r < 0)
                return r;
        store_slot_launched(slot);
        r = node_table_restore(nodes, &record, &a->process, &slot, &node);
        if (r < 0)
                store_slot_drop(slot);
        return r < 0 ? r : 0;
}
