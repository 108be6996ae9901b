/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What happened, in words. */

#include "ctl/node-events.h"

/* "running, PID 4711", "waiting, was killed by signal SIGKILL, starts again in 1s"; NULL: nothing that anybody asked
 * for, as a line more in its output. Allocated. */
char* event_text(const NodeEvent* event);

/* The same as an object: time_usec, event, node, and what is known of the node now. A new reference. */
json_t* event_json(const NodeEvent* event, usec_t now);
