/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

#include "stem/limits.h"
#include "stem/node-table.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/log.h"

/* Closes what is ours; reaps only what has ended. */
static HeldNode* held_node_free(HeldNode* node) {
        if (!node)
                return NULL;

        (void) sd_event_source_disable_unref(node->exit_source);
        (void) sd_event_source_disable_unref(node->reap_timer);
        store_slot_keep(node->slot);
        scope_watch_free(node->watch);
        syscall_watch_free(node->syscalls);
        process_release(&node->process);
        free(node->name);
        free(node->scope);
        free(node);
        return NULL;
}
DEFINE_CLEANUP(HeldNode*, held_node_free)

static void check_exit(HeldNode* node);

static int on_reap_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        check_exit(userdata);
        return 0;
}

/* It has ended, but how is not to be had yet. */
static void wait_for_reaper(HeldNode* node) {
        int r = 0;

        (void) sd_event_source_set_enabled(node->exit_source, SD_EVENT_OFF);
        if (!node->reap_timer)
                r = sd_event_add_time_relative(node->table->event, &node->reap_timer, CLOCK_MONOTONIC, 0, 0,
                                               on_reap_timer, node);
        if (r >= 0)
                r = sd_event_source_set_time_relative(node->reap_timer, REAP_CHECK_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(node->reap_timer, SD_EVENT_ONESHOT);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to wait for the exit status of node '%s': %m", node->name);
                (void) sd_event_source_set_enabled(node->exit_source, SD_EVENT_ON);
        }
}

/* Looks whether the process has ended, and tells it once. */
static void check_exit(HeldNode* node) {
        NodeTable* table = node->table;
        int r;

        if (node->exited)
                return;

        r = process_peek(&node->process, &node->exit);
        if (r == 0)
                return;
        if (r == -EAGAIN) {
                wait_for_reaper(node);
                return;
        }
        if (r < 0)
                (void) log_error_errno(r, "Failed to learn how node '%s' ended: %m", node->name);

        node->exited = true;
        store_slot_exited(node->slot, &node->exit);
        (void) sd_event_source_set_enabled(node->exit_source, SD_EVENT_OFF);
        if (!node->emptied)
                scope_watch_expect(node->watch, SCOPE_CHECK_AFTER_EXIT_USEC);
        table->handlers->exited(node, table->userdata);
}

static int on_no_pidfd(sd_event_source* s, void* userdata) {
        check_exit(userdata);
        return 0;
}

static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        check_exit(userdata);
        return 0;
}

static void on_scope_gone(bool out_of_memory, void* userdata) {
        HeldNode* node = userdata;
        NodeTable* table = node->table;

        node->watch = scope_watch_free(node->watch);
        node->emptied = true;
        node->out_of_memory = out_of_memory;
        /* The word of the scope's end may be faster than that of the process'. */
        check_exit(node);
        if (!node->exited)
                log_warning("%s has ended, but the process %i of node '%s' has not", node->scope,
                            (int) node->process.pid, node->name);
        table->handlers->emptied(node, table->userdata);
}

/* Who was signalled by the service manager gets no second SIGTERM from us. */
static void on_scope_stopped(bool signalled, void* userdata) {
        HeldNode* node = userdata;

        if (signalled && !node->terminated && !node->exited) {
                node->terminated = true;
                store_slot_terminated(node->slot);
        }
        node->stop_requested = true;
        node->table->handlers->stop_requested(node, node->table->userdata);
}

static void remember(HeldNode* node) {
        TAILQ_INSERT_TAIL(&node->table->nodes, node, nodes);
        name_index_add(&node->table->by_name, &node->by_name, node->name, node);
        node->table->n++;
}

static void forget(HeldNode* node) {
        TAILQ_REMOVE(&node->table->nodes, node, nodes);
        name_index_remove(&node->table->by_name, &node->by_name);
        node->table->n--;
}

NodeTable* node_table_new(sd_event* event, ScopeWatches* watches, const NodeHandlers* handlers, void* userdata) {
        NodeTable* table = xnew0(NodeTable);

        table->event = sd_event_ref(event);
        table->watches = watches;
        table->handlers = handlers;
        table->userdata = userdata;
        TAILQ_INIT(&table->nodes);
        return table;
}

NodeTable* node_table_free(NodeTable* table) {
        HeldNode* node;

        if (!table)
                return NULL;

        while ((node = TAILQ_FIRST(&table->nodes))) {
                forget(node);
                held_node_free(node);
        }
        name_index_done(&table->by_name);
        sd_event_unref(table->event);
        free(table);
        return NULL;
}

HeldNode* node_table_find(const NodeTable* table, const char* name) {
        NameEntry* found = name_index_find(&table->by_name, name);

        return found ? found->item : NULL;
}

static int watch_process(HeldNode* node) {
        sd_event* event = node->table->event;
        int pidfd = node->process.fds[NODE_FD_PROCESS];
        int r = pidfd >= 0 ? sd_event_add_io(event, &node->exit_source, pidfd, EPOLLIN, on_exit_event, node)
                           : sd_event_add_defer(event, &node->exit_source, on_no_pidfd, node);

        if (r < 0)
                return r;
        if (node->exited)
                (void) sd_event_source_set_enabled(node->exit_source, SD_EVENT_OFF);
        (void) sd_event_source_set_description(node->exit_source, "node-exit");
        node->watch = scope_watch_new(node->table->watches, node->scope, on_scope_gone, node);
        scope_watch_tell_stop(node->watch, on_scope_stopped);
        return 0;
}

static bool on_violation(const SyscallReport* report, void* userdata) {
        const HeldNode* node = userdata;

        return node->table->handlers->violated(node, report, node->table->userdata);
}

/* A question that nobody answers would hold the node up for ever; without a listener the kernel says that there is no such
 * call. */
static void watch_syscalls(HeldNode* node, const char* verdicts) {
        int* listener = &node->process.fds[NODE_FD_SYSCALLS];
        int r;

        if (*listener < 0) {
                if (verdicts && !node->exited)
                        log_notice("System calls that node '%s' may not make fail unreported: the kernel does not ask about "
                                   "them", node->name);
                return;
        }
        r = syscall_watch_new(node->table->event, *listener, verdicts, on_violation, node, &node->syscalls);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to watch the system calls of node '%s': %m", node->name);
                *listener = fd_close(*listener);
        }
}

static int add(NodeTable* table, const NodeRecord* record, Process* process, StoreSlot** slot, HeldNode** ret) {
        _cleanup_(held_node_freep) HeldNode* node = xnew0(HeldNode);
        int r;

        assert(!node_table_find(table, record->name));
        node->table = table;
        node->name = xstrdup(record->name);
        node->scope = xstrdup(record->scope);
        node->terminated = record->terminated;
        node->exited = record->exited;
        node->exit = record->exit;
        node->process = *process;
        r = watch_process(node);
        if (r < 0) {
                node->process = PROCESS_NONE;
                return r;
        }

        *process = PROCESS_NONE;
        node->slot = take_ptr(*slot);
        watch_syscalls(node, record->verdicts);
        remember(node);
        *ret = take_ptr(node);
        return 0;
}

int node_table_add(NodeTable* table, const NodeRecord* record, Process* process, StoreSlot** slot, HeldNode** ret) {
        int r = add(table, record, process, slot, ret);

        if (r >= 0)
                scope_watch_has_started((*ret)->watch);
        return r;
}

int node_table_restore(NodeTable* table, const NodeRecord* record, Process* process, StoreSlot** slot,
                       HeldNode** ret) {
        HeldNode* node;
        int r = add(table, record, process, slot, &node);

        if (r < 0)
                return r;
        if (node->exited)
                scope_watch_expect(node->watch, 0);
        else
                scope_watch_ask(node->watch);
        *ret = node;
        return 0;
}

int held_node_signal(HeldNode* node, int sig) {
        if (node->exited || node->process.fds[NODE_FD_PROCESS] < 0)
                return 0;
        return pidfd_send_signal(node->process.fds[NODE_FD_PROCESS], sig, NULL, 0) < 0 && errno != ESRCH ? -errno : 0;
}

int held_node_terminate(HeldNode* node) {
        int r;

        if (node->terminated)
                return 0;
        /* Noted afterwards: of a stem that dies in between, the next one sends it twice rather than not at all. */
        r = held_node_signal(node, SIGTERM);
        if (r < 0)
                return r;
        node->terminated = true;
        store_slot_terminated(node->slot);
        return 0;
}

void held_node_release(HeldNode* node) {
        node->slot = store_slot_drop(node->slot);
        forget(node);
        held_node_free(node);
}
