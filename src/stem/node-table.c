/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "stem/limits.h"
#include "stem/node-table.h"
#include "util/alloc.h"
#include "util/log.h"

/* Closes what is ours; reaps only what has ended. */
static HeldNode* held_node_free(HeldNode* node) {
        if (!node)
                return NULL;

        (void) sd_event_source_disable_unref(node->exit_source);
        scope_watch_free(node->watch);
        process_release(&node->process);
        free(node->name);
        free(node->scope);
        free(node);
        return NULL;
}
DEFINE_CLEANUP(HeldNode*, held_node_free)

/* Looks whether the process has ended, and tells it once. */
static void check_exit(HeldNode* node) {
        NodeTable* table = node->table;
        int r;

        if (node->exited)
                return;

        r = process_peek(&node->process, &node->exit);
        if (r == 0)
                return;
        if (r < 0) /* cannot be: it is our child, and nobody else reaps it */
                (void) log_error_errno(r, "Failed to learn how node '%s' ended: %m", node->name);

        node->exited = true;
        (void) sd_event_source_set_enabled(node->exit_source, SD_EVENT_OFF);
        if (!node->emptied)
                scope_watch_expect(node->watch, SCOPE_CHECK_AFTER_EXIT_USEC);
        table->handlers->exited(node, table->userdata);
}

static int on_exit_event(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        check_exit(userdata);
        return 0;
}

static void on_scope_gone(void* userdata) {
        HeldNode* node = userdata;
        NodeTable* table = node->table;

        node->watch = scope_watch_free(node->watch);
        node->emptied = true;
        /* The word of the scope's end may be faster than that of the process'. */
        check_exit(node);
        if (!node->exited)
                log_warning("%s has ended, but the process %i of node '%s' has not", node->scope,
                            (int) node->process.pid, node->name);
        table->handlers->emptied(node, table->userdata);
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
                TAILQ_REMOVE(&table->nodes, node, nodes);
                held_node_free(node);
        }
        sd_event_unref(table->event);
        free(table);
        return NULL;
}

HeldNode* node_table_find(const NodeTable* table, const char* name) {
        HeldNode* node;

        TAILQ_FOREACH(node, &table->nodes, nodes)
                if (strcmp(node->name, name) == 0)
                        return node;
        return NULL;
}

int node_table_add(NodeTable* table, const char* name, const char* scope, Process* process, HeldNode** ret) {
        _cleanup_(held_node_freep) HeldNode* node = xnew0(HeldNode);
        int r;

        assert(!node_table_find(table, name));
        node->table = table;
        node->name = xstrdup(name);
        node->scope = xstrdup(scope);
        node->process = *process;
        *process = PROCESS_NONE;

        r = scope_watch_new(table->watches, scope, on_scope_gone, node, &node->watch);
        if (r >= 0)
                r = sd_event_add_io(table->event, &node->exit_source, node->process.pidfd, EPOLLIN, on_exit_event,
                                    node);
        if (r < 0) {
                process_kill(&node->process);
                return r;
        }
        (void) sd_event_source_set_description(node->exit_source, "node-exit");

        TAILQ_INSERT_TAIL(&table->nodes, node, nodes);
        table->n++;
        if (ret)
                *ret = node;
        take_ptr(node);
        return 0;
}

void held_node_release(HeldNode* node) {
        TAILQ_REMOVE(&node->table->nodes, node, nodes);
        node->table->n--;
        held_node_free(node);
}
