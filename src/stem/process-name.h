/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the processes that the stem holds are called: the name of a node, or "hook:" and the name of an output hook whose
 * program it is, or "helper:" and what else helps. No node's name holds a colon, so they never meet. */

#define PROCESS_NAME_HOOK_PREFIX "hook:"
#define PROCESS_NAME_HELPER_PREFIX "helper:"
#define PROCESS_NAME_HELPER_MAX 128U /* characters behind the prefix */

/* NULL when it is one, else why not (allocated). */
char* process_name_check(const char* name);
