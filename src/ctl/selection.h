/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which nodes are meant: names and globs as arguments, --role=, --state=. */

#include <jansson.h>

#include "ctl/options.h"

/* Does it hold characters that make it a pattern (glob(7)), rather than a name? */
bool name_is_glob(const char* s);

/* Is the node with this status (a member of what Status replies) among those that are meant? Without arguments all
 * are. */
bool selection_matches(const Options* o, char* const* arguments, const char* name, const json_t* status);

/* The names among the arguments, no globs, that nodes does not have. A vector for strv_free(). */
char** selection_missing(char* const* arguments, const json_t* nodes);

/* The statuses that match, each with its "name" first, in the order in which a cluster starts, and by name (worker-2 before
 * worker-10). nodes: what Status replied. A new array. */
json_t* selection_sort(const Options* o, char* const* arguments, const json_t* nodes);

/* The role as its place in the order in which a cluster starts. */
unsigned role_rank(const char* role);
