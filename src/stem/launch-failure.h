/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The way of a launch that failed: its child ends, its scope goes, its place in the store is free, and only then is the
 * requester told why (launch.h). */

#include "stem/launch-state.h"

/* Takes the text over. Only the first failure counts. May free the launch. */
void launch_fail(Launch* launch, char* why);

/* What has come to its end in the meantime. May free the launch. */
void launch_failure_child_ended(Launch* launch);
void launch_failure_start_is_over(Launch* launch);
/* The time that was set is over. */
void launch_failure_is_late(Launch* launch);
