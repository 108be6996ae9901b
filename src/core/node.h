/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The life of a node.
 *
 * A node is driven by events (what the stem reports, what time it is, what an administrator asks) and answers each
 * with effects (what is to be done about it). It does nothing itself: it knows no process, no bus, no clock, so the
 * whole of it runs in a unit test.
 *
 * What clients ask for are jobs. They queue at the node and each takes its turn when the one before is done; a job
 * that makes no sense when its turn comes is answered so then. So one event may lead through several lives of a name;
 * the driver takes them step by step: an event, its effects, the next job, its effects, and so on. */

#include <stdbool.h>
#include <sys/queue.h>

#include "core/effects.h"
#include "core/job.h"

/* What the D-Bus interface shows (design: "States"). */
typedef enum NodeState {
        NODE_STARTING,
        NODE_RUNNING,
        NODE_STOPPING,
        NODE_WAITING,
        NODE_FAILED,
        NODE_FINISHED,
        NODE_STOPPED,
        _NODE_STATE_MAX,
        _NODE_STATE_INVALID = -EINVAL,
} NodeState;

DECLARE_ENUM_TABLE(node_state, NodeState);

/* The finer state: what is known of the processes in the node's scope. */
typedef enum NodePhase {
        PHASE_VOID,        /* not created, or forgotten */
        PHASE_LAUNCHING,   /* the stem has the order */
        PHASE_RUNNING,     /* the program runs */
        PHASE_TERMINATING, /* the main process was sent SIGTERM */
        PHASE_KILLING,     /* the whole scope was sent SIGKILL */
        PHASE_SWEEPING,    /* the main process ended; what it left in the scope is on its way out */
        PHASE_AT_REST,     /* no process, no scope */
        _PHASE_MAX,
        _PHASE_INVALID = -EINVAL,
} NodePhase;

DECLARE_ENUM_TABLE(node_phase, NodePhase);

/* What a node comes to once its scope is empty. */
typedef enum NodeOutcome {
        OUTCOME_NONE,
        OUTCOME_RESTART, /* a job asked for it: at once */
        OUTCOME_WAIT,    /* back-off */
        OUTCOME_FAIL,
        OUTCOME_FINISH,
        OUTCOME_STOP, /* systemctl stop of the scope */
        OUTCOME_FORGET,
        _OUTCOME_MAX,
        _OUTCOME_INVALID = -EINVAL,
} NodeOutcome;

DECLARE_ENUM_TABLE(node_outcome, NodeOutcome);

typedef struct Node {
        char* name;
        char* scope;
        NodeSpec* spec; /* in PHASE_VOID that of the node that was, or NULL */
        NodePolicy policy;
        NodeOrigin origin;

        NodePhase phase;
        NodeOutcome outcome; /* meaningful from TERMINATING to AT_REST */
        bool stop_requested; /* came while launching; has its turn when it runs, before all jobs */
        bool swept;          /* SWEEPING: what is left was sent SIGTERM */

        struct JobQueue jobs; /* all but the active one */
        Job* job;             /* the active one */

        /* origin, phase and outcome above, and all from here to outdated, are what a daemon remembers for the next */
        Backoff backoff;
        usec_t deadline; /* CLOCK_BOOTTIME; USEC_INFINITY: none. NODE_EVENT_TIMER is due then */

        uint32_t pid; /* current or last known; 0 before the first start */
        bool ready;
        uint32_t n_restarts;
        ExitReason exit;
        bool has_exited;
        Instant state_since, started;
        usec_t next_restart; /* CLOCK_REALTIME; 0: none due */

        /* which order and which cluster layout it was launched with (NULL: with none); the daemon's, not looked at here */
        uint64_t order_hash;
        char* layout;
        bool outdated; /* runs, and is to be started again, because its order would be another one now */

        void* userdata; /* what the daemon attaches; weak */
} Node;

typedef enum NodeEventType {
        NODE_EVENT_LAUNCHED,      /* the program runs; pid; not_ready_yet */
        NODE_EVENT_READY,         /* it does its work, or nothing will say when it does */
        NODE_EVENT_LAUNCH_FAILED, /* nothing runs and nothing was left behind; text */
        NODE_EVENT_TERMINATED,    /* it has done what it had to do at its end */
        NODE_EVENT_EXITED,        /* the main process ended; exit */
        NODE_EVENT_GONE,          /* after EXITED: scope gone, output delivered, process reaped; out_of_memory */
        NODE_EVENT_TIMER,         /* the deadline passed */
        NODE_EVENT_STOP_REQUEST,  /* an administrator stops the scope */
        _NODE_EVENT_TYPE_MAX,
} NodeEventType;

typedef struct NodeEvent {
        NodeEventType type;
        uint32_t pid;
        bool not_ready_yet; /* READY will come */
        ExitReason exit;
        bool out_of_memory; /* which is why the scope ended */
        const char* text;
} NodeEvent;

Node* node_new(const char* name);
Node* node_free(Node* node);

/* Completes a node that a former daemon had, once its life (phase to next_restart) was set from what that daemon
 * remembered. What was under way goes on with the next event. */
void node_restore(Node* node, NodeSpec* spec, const NodePolicy* policy);
/* Nothing is known of the node's life: it is taken to be at rest and to have failed. */
void node_lose(Node* node);
/* A process of the node was found that its life does not know of: it runs, as if just started; whether it is ready will be
 * said. */
void node_find_running(Node* node, uint32_t pid, Instant now);

/* Takes the job into the queue. */
void node_submit(Node* node, Job* job);
void node_dispatch(Node* node, const NodeEvent* event, Instant now, Effects* effects);
/* Begins what has waited for its turn, if that has come; false: nothing. To be called again until it says so, after
 * node_submit() and node_dispatch(), and each time only when the effects of the call before were carried out: they are
 * about the node as it was left by that, which may be another one after this. */
bool node_advance(Node* node, Instant now, Effects* effects);

/* What the node is for a client that looks now. Not for PHASE_VOID. */
NodeState node_state(const Node* node) _pure_;
/* There is a process of the node, or may be one. */
bool node_has_processes(const Node* node) _pure_;
/* Void and without jobs: nobody would miss it. */
bool node_is_unused(const Node* node) _pure_;
