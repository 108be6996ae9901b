/* SPDX-License-Identifier: BSD-3-Clause */

/* A node that another daemon had: how it gets the life that it has already. Everything else that happens to a life is in
 * node.c. */

#include "core/node.h"

void node_restore(Node* node, NodeSpec* spec, const NodePolicy* policy) {
        assert(node->phase != PHASE_VOID && !node->spec && !node->job);
        node->spec = node_spec_ref(spec);
        node->policy = *policy;
}

void node_lose(Node* node) {
        node->phase = PHASE_AT_REST;
        node->outcome = OUTCOME_FAIL;
        node->stop_requested = node->swept = node->ready = node->has_exited = node->outdated = false;
        node->backoff = (Backoff) {};
        node->deadline = USEC_INFINITY;
        node->pid = node->n_restarts = 0;
        node->exit = (ExitReason) {};
        node->state_since = node->started = (Instant) {};
        node->next_restart = node->order_hash = 0;
        free_and_replace(node->layout, NULL);
}

void node_find_running(Node* node, uint32_t pid, Instant now) {
        node->phase = PHASE_RUNNING;
        node->outcome = OUTCOME_NONE;
        node->stop_requested = false;
        node->deadline = USEC_INFINITY;
        node->next_restart = 0;
        node->pid = pid;
        node->ready = false;
        node->state_since = node->started = now;
        backoff_reset(&node->backoff, now.boottime);
}
