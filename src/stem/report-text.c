/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stem/report-text.h"
#include "util/alloc.h"

static const char* const step_table[_CHILD_STEP_MAX] = {
        [CHILD_SESSION] = "create a session",
        [CHILD_DESCRIPTORS] = "connect standard input, output and error",
        [CHILD_LIMIT] = "set resource limit",
        [CHILD_NICE] = "set nice level",
        [CHILD_OOM_SCORE] = "set OOM score adjustment",
        [CHILD_BOUNDING_SET] = "drop from the bounding set the capability",
        [CHILD_GROUPS] = "set supplementary groups",
        [CHILD_GROUP] = "change to group",
        [CHILD_USER] = "change to user",
        [CHILD_DIRECTORY_MAKE] = "create working directory",
        [CHILD_DIRECTORY_ENTER] = "change to working directory",
        [CHILD_ERROR_FILE] = "open standard error file",
        [CHILD_OUTPUT_FILE] = "open standard output file",
        [CHILD_STATUS_FILE] = "make status file",
        [CHILD_CAPABILITIES] = "limit capabilities",
        [CHILD_AMBIENT] = "raise ambient capability",
        [CHILD_NO_NEW_PRIVILEGES] = "forbid new privileges",
        [CHILD_SYSTEM_CALLS] = "restrict system calls",
        [CHILD_HANDOVER] = "hand over descriptors",
        [CHILD_SCOPE] = "start scope",
        [CHILD_EXECUTE] = "execute",
};

/* What the step is done to; NULL: its name says all. */
static char* describe_object(const ChildReport* report, const LaunchOrder* order) {
        switch ((ChildStep) report->step) {
        case CHILD_LIMIT:
                return report->index < order->n_limits ? xstrdup(order->limits[report->index].name) : NULL;
        case CHILD_NICE:
                return xasprintf("%i", order->nice);
        case CHILD_OOM_SCORE:
                return xasprintf("%i", order->oom_score_adjust);
        case CHILD_BOUNDING_SET:
        case CHILD_AMBIENT:
                return xasprintf("%u", report->index);
        case CHILD_GROUP:
                return xasprintf("%u", order->gid);
        case CHILD_USER:
                return xasprintf("%u", order->uid);
        case CHILD_DIRECTORY_MAKE:
        case CHILD_DIRECTORY_ENTER:
                return xstrdup_or_null(order->working_directory);
        case CHILD_ERROR_FILE:
                return xstrdup_or_null(order->error_file);
        case CHILD_OUTPUT_FILE:
                return xstrdup_or_null(order->output_file);
        case CHILD_STATUS_FILE:
                return xstrdup_or_null(order->status_file);
        case CHILD_EXECUTE:
                return xstrdup(order->arguments[0]);
        default:
                return NULL;
        }
}

char* child_report_describe(const ChildReport* report, const LaunchOrder* order) {
        _cleanup_free_ char* object = NULL;

        if (report->step < 0 || report->step >= _CHILD_STEP_MAX)
                return xstrdup("start process");

        object = describe_object(report, order);
        if (!object)
                return xstrdup(step_table[report->step]);
        return xasprintf("%s %s", step_table[report->step], object);
}

char* child_report_describe_error(const ChildReport* report, const LaunchOrder* order) {
        _cleanup_free_ char* what = child_report_describe(report, order);
        const char* why = report->error == CHILD_ERROR_NOT_REGULAR ? "Not a regular file"
                          : report->error > 0                      ? strerrordesc_np(report->error)
                                                                   : NULL;

        return xasprintf("%s: %s", what, why ? why : "Unknown error");
}
