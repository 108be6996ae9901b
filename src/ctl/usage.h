/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What nodes take: two looks at their counters, and what was used between them. Pure. */

#include <jansson.h>

#include "ctl/options.h"

/* CPU time that a node used from one look to the next, in tenths of a percent of one CPU. -1: not known, because it is
 * not counted, or the node is new or another process. */
long usage_cpu_permille(const json_t* before, const json_t* now, usec_t elapsed);

/* Adds "cpu_permille" to those in now (an array of statuses) of which it is known. before: an array of statuses too, or
 * NULL. */
void usage_add_cpu(const json_t* before, json_t* now, usec_t elapsed);

/* The statuses with the greediest first; by name: as they come. A new array. */
json_t* usage_sort(const json_t* nodes, TopOrder order);

/* "12.3%" */
char* usage_percent(const json_t* status);

/* "5 nodes, all running; CPU 12.3%, memory 1.2G": what is counted, added up. */
char* usage_summary(const json_t* nodes);
