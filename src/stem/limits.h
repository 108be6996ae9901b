/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Every bound of the stem, in one place, but for those of an order (child/limits.h): how much of a thing there may be, and
 * how long it may take. Who runs into one gets an error that says so. */

#include "child/limits.h"
#include "util/usec.h"

/* What is held. The supervisor has a lower limit of its own (MaxNodes=). */
#define STEM_NODES_MAX 4096U    /* nodes held */
#define STEM_LAUNCHES_MAX CHILDREN_MAX /* launches under way, queued ones included */
#define STEM_LAUNCHES_MANY 32U  /* after so many at once, memory is given back: an order that waits takes some 20 KiB */
#define STEM_KILLS_MAX 1024U    /* calls of KillScope under way */
#define STEM_PROBES_MAX 16U     /* probes under way */

/* Peers. One that does not read its replies and signals is disconnected when so many of them have piled up; what
 * it missed it learns from List. */
#define STEM_PEERS_MAX 16U
#define STEM_PEER_QUEUE_MAX (4 * STEM_NODES_MAX) /* messages */
#define STEM_ACCEPTS_PER_SEC 200U

/* A launch. For those that wait for their turn the clock starts again with each turn of another one: a queue may be long as
 * long as it moves, and behind a service manager that hangs all fail at the same time. */
#define LAUNCH_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define LAUNCH_UNDO_TIMEOUT_USEC (2 * USEC_PER_SEC) /* for a child to remove what it has made; then it is killed */
#define LAUNCH_CLEANUP_TIMEOUT_USEC (30 * USEC_PER_SEC) /* for what a failed one left; then the reply goes out */
#define FORKER_TIMEOUT_USEC (5 * USEC_PER_SEC)          /* for a fork; whatever forks is replaced then */
#define OUTPUT_PIPE_SIZE (256 * 1024)                   /* bytes that a node can write while nobody reads */

/* Talking to the service manager. */
#define READY_TIMEOUT_USEC (5 * USEC_PER_SEC) /* we count as started then, although nobody hears us */
#define SCOPE_STARTS_MAX 8U                        /* StartTransientUnit in flight */
#define SCOPE_CHECKS_MAX 16U                       /* questions whether a scope still exists, in flight */
#define SCOPE_NAME_TIMEOUT_USEC (10 * USEC_PER_SEC) /* for a name that the manager has not let go of */
#define SCOPE_RETRY_USEC (100 * USEC_PER_MSEC)
#define SCOPE_JOB_CHECK_USEC (1 * USEC_PER_SEC) /* look for ourselves when JobRemoved does not come */
#define SCOPE_CHECK_AFTER_EXIT_USEC (3 * USEC_PER_SEC)
#define SCOPE_CHECK_AGAIN_USEC (10 * USEC_PER_SEC)
#define SCOPE_CHECK_FAILED_USEC (1 * USEC_PER_SEC)
#define SCOPE_EMPTY_USEC (100 * USEC_PER_MSEC) /* between two looks at a scope that seems to be empty */
#define MANAGER_CALL_TIMEOUT_USEC (25 * USEC_PER_SEC)
#define MANAGER_RECONNECT_MIN_USEC (50 * USEC_PER_MSEC)
#define MANAGER_RECONNECT_MAX_USEC (2 * USEC_PER_SEC)

/* A process that is no child of ours and has ended tells how only once its parent has reaped it. */
#define REAP_CHECK_USEC (20 * USEC_PER_MSEC)

/* A probe. */
#define PROBE_OUTPUT_MAX 65536U /* bytes; zeek-hosts prints at most 1024 lines of 64 */
#define PROBE_TIMEOUT_MAX_USEC (1 * USEC_PER_MINUTE)

/* System calls that are not allowed. A node that makes one after the other waits for its answers, and nobody else does. */
#define SYSCALL_FILTERS_MAX 16U /* compiled and kept for the next launch */
#define SYSCALL_ANSWERS_BURST 500U
#define SYSCALL_ANSWERS_INTERVAL_USEC (100 * USEC_PER_MSEC)
#define SYSCALL_KINDS_MAX 32U /* calls of a node that are counted apart; what is more counts together */
#define SYSCALL_REPORT_INTERVAL_USEC (10 * USEC_PER_SEC) /* between two reports of the same call */
