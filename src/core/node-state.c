/* SPDX-License-Identifier: BSD-3-Clause */

/* What a node is, for those who look at it. */

#include "core/node.h"

static const char* const node_phase_table[_PHASE_MAX] = {
        [PHASE_VOID] = "void",         [PHASE_LAUNCHING] = "launching", [PHASE_RUNNING] = "running",
        [PHASE_TERMINATING] = "terminating", [PHASE_KILLING] = "killing", [PHASE_SWEEPING] = "sweeping",
        [PHASE_AT_REST] = "at-rest",
};

DEFINE_ENUM_TABLE(node_phase, NodePhase)

static const char* const node_outcome_table[_OUTCOME_MAX] = {
        [OUTCOME_NONE] = "none",     [OUTCOME_RESTART] = "restart", [OUTCOME_WAIT] = "wait", [OUTCOME_FAIL] = "fail",
        [OUTCOME_FINISH] = "finish", [OUTCOME_STOP] = "stop",       [OUTCOME_FORGET] = "forget",
};

DEFINE_ENUM_TABLE(node_outcome, NodeOutcome)

static const char* const node_state_table[_NODE_STATE_MAX] = {
        [NODE_STARTING] = "starting", [NODE_RUNNING] = "running", [NODE_STOPPING] = "stopping",
        [NODE_WAITING] = "waiting",   [NODE_FAILED] = "failed",   [NODE_FINISHED] = "finished",
        [NODE_STOPPED] = "stopped",
};

DEFINE_ENUM_TABLE(node_state, NodeState)

NodeState node_state(const Node* node) {
        static const NodeState of_phase[_PHASE_MAX] = {
                [PHASE_LAUNCHING] = NODE_STARTING,
                [PHASE_RUNNING] = NODE_RUNNING,
                [PHASE_TERMINATING] = NODE_STOPPING,
                [PHASE_KILLING] = NODE_STOPPING,
        };
        static const NodeState of_outcome[_OUTCOME_MAX] = {
                [OUTCOME_RESTART] = NODE_STOPPING, [OUTCOME_WAIT] = NODE_WAITING,     [OUTCOME_FAIL] = NODE_FAILED,
                [OUTCOME_FINISH] = NODE_FINISHED,  [OUTCOME_STOP] = NODE_STOPPED, [OUTCOME_FORGET] = NODE_STOPPING,
        };

        assert(node->phase != PHASE_VOID);
        if (node->phase < PHASE_SWEEPING)
                return of_phase[node->phase];
        /* "stopped" promises that nothing is left */
        if (node->phase == PHASE_SWEEPING && node->outcome == OUTCOME_STOP)
                return NODE_STOPPING;
        return of_outcome[node->outcome];
}

bool node_has_processes(const Node* node) {
        return node->phase != PHASE_VOID && node->phase != PHASE_AT_REST;
}

bool node_is_unused(const Node* node) {
        return node->phase == PHASE_VOID && !node->job && TAILQ_EMPTY(&node->jobs);
}
