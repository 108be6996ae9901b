/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which slice a node lies in.
 *
 * The service manager goes through all units that lie directly in a slice whenever one of them starts or ends, so a
 * thousand in one slice make each other slow. The first nodes of a role lie in the role's own slice; when that has as many
 * as a slice is to have, further ones lie in slices below it, numbered from 1 (role_slice_name()). A node keeps its place
 * for as long as it exists; whoever comes gets the lowest number with room, so that there are few slices. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/role.h"

/* Where a node lies. Zero-initialised: nowhere yet. */
typedef struct SlicePlace {
        bool held;
        Role role;
        unsigned number;
} SlicePlace;

typedef struct SliceUse {
        size_t n_nodes;
        bool closed; /* nobody gets a place in it */
} SliceUse;

typedef struct SliceRow {
        SliceUse* slices; /* by number; those behind them are empty and open */
        size_t n, allocated;
} SliceRow;

typedef struct SlicePlan {
        SliceRow roles[_ROLE_MAX];
} SlicePlan;

void slice_plan_done(SlicePlan* plan);

/* Gives the place to a node of this role: in the first slice that is open and has fewer nodes than per_slice (0: as many as
 * there are). A place that it has of this role it keeps, however full the slice is. */
void slice_plan_take(SlicePlan* plan, SlicePlace* place, Role role, uint64_t per_slice);
/* It was found to lie there, and does not lie where it was thought to be. */
void slice_plan_join(SlicePlan* plan, SlicePlace* place, Role role, unsigned number);
void slice_plan_leave(SlicePlan* plan, SlicePlace* place);

size_t slice_plan_count(const SlicePlan* plan, Role role, unsigned number) _pure_;
void slice_plan_close(SlicePlan* plan, Role role, unsigned number);
void slice_plan_open(SlicePlan* plan, Role role, unsigned number);
bool slice_plan_is_closed(const SlicePlan* plan, Role role, unsigned number) _pure_;

/* The slice in which a control group lies, such as "/zeek.slice/zeek-workers.slice/zeek-workers-1.slice/…"; the path begins
 * below the group of the service manager. False: in none of ours. */
bool slice_of_cgroup(const char* path, Role* ret_role, unsigned* ret_number);
