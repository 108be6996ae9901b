/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/slice-plan.h"
#include "util/alloc.h"

#define ALL_NODES_PREFIX "/zeek.slice/"

void slice_plan_done(SlicePlan* plan) {
        for (Role role = 0; role < _ROLE_MAX; role++)
                free(plan->roles[role].slices);
        *plan = (SlicePlan) {};
}

static const SliceUse* look(const SlicePlan* plan, Role role, unsigned number) {
        static const SliceUse unused = {};

        return number < plan->roles[role].n ? &plan->roles[role].slices[number] : &unused;
}

static SliceUse* obtain(SlicePlan* plan, Role role, unsigned number) {
        SliceRow* row = &plan->roles[role];

        assert(number < ROLE_SLICES_MAX);
        while (row->n <= number) {
                GROW(row->slices, row->n, row->allocated);
                row->slices[row->n++] = (SliceUse) {};
        }
        return &row->slices[number];
}

static unsigned find_room(const SlicePlan* plan, Role role, uint64_t per_slice) {
        for (unsigned number = 0; per_slice > 0 && number < ROLE_SLICES_MAX; number++) {
                const SliceUse* use = look(plan, role, number);

                if (!use->closed && use->n_nodes < per_slice)
                        return number;
        }
        return 0;
}

void slice_plan_take(SlicePlan* plan, SlicePlace* place, Role role, uint64_t per_slice) {
        if (place->held && place->role == role)
                return;
        slice_plan_leave(plan, place);
        slice_plan_join(plan, place, role, find_room(plan, role, per_slice));
}

void slice_plan_join(SlicePlan* plan, SlicePlace* place, Role role, unsigned number) {
        slice_plan_leave(plan, place);
        obtain(plan, role, number)->n_nodes++;
        *place = (SlicePlace) { .held = true, .role = role, .number = number };
}

void slice_plan_leave(SlicePlan* plan, SlicePlace* place) {
        if (!place->held)
                return;

        assert(slice_plan_count(plan, place->role, place->number) > 0);
        obtain(plan, place->role, place->number)->n_nodes--;
        *place = (SlicePlace) {};
}

size_t slice_plan_count(const SlicePlan* plan, Role role, unsigned number) {
        return look(plan, role, number)->n_nodes;
}

void slice_plan_close(SlicePlan* plan, Role role, unsigned number) {
        obtain(plan, role, number)->closed = true;
}

void slice_plan_open(SlicePlan* plan, Role role, unsigned number) {
        obtain(plan, role, number)->closed = false;
}

bool slice_plan_is_closed(const SlicePlan* plan, Role role, unsigned number) {
        return look(plan, role, number)->closed;
}

/* ---- the other way round ---- */

/* What is behind this component at the beginning of the path; NULL: it begins with something else. */
static const char* skip_component(const char* path, const char* component) {
        size_t length = strlen(component);

        return strncmp(path, component, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

bool slice_of_cgroup(const char* path, Role* ret_role, unsigned* ret_number) {
        if (strncmp(path, ALL_NODES_PREFIX, strlen(ALL_NODES_PREFIX)) != 0)
                return false;
        path += strlen(ALL_NODES_PREFIX);

        for (Role role = 0; role < _ROLE_MAX; role++) {
                const char* rest = skip_component(path, role_slice(role));
                _cleanup_free_ char* next = NULL;
                int number;

                if (!rest)
                        continue;
                next = xstrndup(rest, strcspn(rest, "/"));
                number = role_slice_number(role, next);
                *ret_role = role;
                *ret_number = number > 0 ? (unsigned) number : 0;
                return true;
        }
        return false;
}
