/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child tells its parent on the way from fork to exec.
 *
 * The child writes a report into a pipe as it begins each step, and one with an error when a step fails. The pipe
 * closes on exec, so a last report of CHILD_EXECUTE without an error followed by the end of the pipe means that the
 * program runs. A child that is killed, or hangs, is thereby known to have been in the step of its last report. */

#include <errno.h>
#include <stdint.h>

typedef enum ChildStep {
        CHILD_SESSION,
        CHILD_DESCRIPTORS,
        CHILD_LIMIT, /* index: of the order's limits */
        CHILD_NICE,
        CHILD_OOM_SCORE,
        CHILD_BOUNDING_SET, /* index: the capability */
        CHILD_GROUPS,
        CHILD_GROUP,
        CHILD_USER,
        CHILD_DIRECTORY_MAKE,
        CHILD_DIRECTORY_ENTER,
        CHILD_ERROR_FILE,
        CHILD_OUTPUT_FILE,
        CHILD_STATUS_FILE,
        CHILD_CAPABILITIES,
        CHILD_AMBIENT, /* index: the capability */
        CHILD_NO_NEW_PRIVILEGES,
        CHILD_SYSTEM_CALLS,
        CHILD_HANDOVER,
        CHILD_SCOPE, /* a probe has none to wait for */
        CHILD_EXECUTE,
        _CHILD_STEP_MAX,
        _CHILD_STEP_INVALID = -EINVAL,
} ChildStep;

/* An "errno" of ours, for what no errno says. */
#define CHILD_ERROR_NOT_REGULAR (-1)

typedef struct ChildReport {
        int32_t step;
        int32_t error; /* 0: the step begins */
        uint32_t index;
} ChildReport;

/* More bytes than all reports of a child. */
#define CHILD_REPORTS_SIZE_MAX (64 * 1024)
