/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a client asks of a node. Jobs queue at the node and are answered one after the other. */

#include <sys/queue.h>

#include "core/backoff.h"
#include "core/exit-reason.h"
#include "core/node-spec.h"

/* How this node is treated: supervisor.conf for its role, overridden by its own configuration. */
typedef struct NodePolicy {
        RestartPolicy restart;
        BackoffPolicy backoff;
        ExitReasonSet prevent_restart;
        usec_t stop_timeout;
} NodePolicy;

/* Whose a node is: that of who called Create, or that of the administrator's file. */
typedef enum NodeOrigin {
        NODE_RUNTIME,
        NODE_STATIC,
        _NODE_ORIGIN_MAX,
        _NODE_ORIGIN_INVALID = -EINVAL,
} NodeOrigin;

DECLARE_ENUM_TABLE(node_origin, NodeOrigin);

typedef enum JobType {
        JOB_CREATE,
        JOB_RESTART,
        JOB_DESTROY,
        _JOB_TYPE_MAX,
} JobType;

typedef enum JobResult {
        JOB_DONE,
        JOB_NODE_EXISTS,
        JOB_NO_SUCH_NODE,
        JOB_LAUNCH_FAILED, /* with the description from the stem */
        _JOB_RESULT_MAX,
} JobResult;

typedef struct Job {
        JobType type;
        NodeSpec* spec;    /* JOB_CREATE: owned until the job is begun */
        NodePolicy policy; /* JOB_CREATE */
        NodeOrigin origin; /* JOB_CREATE */
        void* userdata;    /* who is answered; weak */
        TAILQ_ENTRY(Job) queue;
} Job;

TAILQ_HEAD(JobQueue, Job);

Job* job_new(JobType type, void* userdata);
Job* job_free(Job* job);
