/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The slices in which nodes' scopes lie: who lies where is decided by core/slice-plan.h, and what a daemon has to know of
 * the one before, the control groups say.
 *
 * A slice below that of a role comes into being with the first scope in it, and would stay until the machine goes down. So
 * one in which no node has its place any more is stopped after a while, unless something of somebody else is in it. */

#include <stdbool.h>

typedef struct Instance Instance;
typedef struct Slices Slices;
typedef struct Supervisor Supervisor;

Slices* slices_new(Supervisor* s);
Slices* slices_free(Slices* slices);

/* The slice for the next process of the node, which has its place there from now on. Allocated. */
char* slices_take(Slices* slices, Instance* instance);
/* The control group of the slice that the node has its place in, whether it is there yet or not. Allocated. */
char* slices_group(const Slices* slices, const Instance* instance);
/* A process of the node is in this control group. Where that is none that we would have put it into, it counts as the
 * role's own slice, if the node has no place yet. */
void slices_found(Slices* slices, Instance* instance, const char* cgroup);
/* The node is forgotten. */
void slices_leave(Slices* slices, Instance* instance);

/* Calls `found` for each unit in the slices of all roles, with its control group. */
typedef void (*slices_unit_t)(Supervisor* s, const char* unit, const char* cgroup);
void slices_list(const Slices* slices, slices_unit_t found);

/* Has the slices that are empty stopped, once nobody who comes may want them. */
void slices_tidy_later(Slices* slices);
/* The daemon ends, and no node is left: does so now. True: it is done. Else shutdown_check() will be called. */
bool slices_stop(Slices* slices);
