/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child has reported (child-report.h), in words. */

#include "child/child-report.h"
#include "child/launch-order.h"

/* "open standard error file stderr.log": what a step does, and to what. Never NULL, whatever the report holds. */
char* child_report_describe(const ChildReport* report, const LaunchOrder* order);

/* The same with ": " and the text of its error. */
char* child_report_describe_error(const ChildReport* report, const LaunchOrder* order);
