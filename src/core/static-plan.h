/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* From the nodes that a file wants to what is to be done about those that there are. */

#include "core/registry.h"

typedef enum PlanAction {
        PLAN_KEEP,      /* a static node that is wanted as it is */
        PLAN_CREATE,
        PLAN_DESTROY,   /* a static node that is not wanted any more */
        PLAN_REPLACE,   /* destroy it and create it anew: it is wanted in another role */
        PLAN_CHANGE,    /* a static node that is wanted otherwise */
        PLAN_TAKE_OVER, /* a runtime node as it is wanted: it becomes a static one */
        PLAN_REFUSE,    /* a runtime node that is in the way */
        _PLAN_ACTION_MAX,
        _PLAN_ACTION_INVALID = -EINVAL,
} PlanAction;

typedef struct PlanEntry {
        const char* name; /* weak, like the spec */
        PlanAction action;
        NodeSpec* spec; /* NULL: not wanted */
} PlanEntry;

typedef struct StaticPlan {
        PlanEntry* items; /* what is not wanted any more, then what is, in the given order */
        size_t n, allocated;
        size_t n_after; /* nodes that there will be, runtime nodes included */
} StaticPlan;

/* Runtime nodes of other names are in no entry. */
void static_plan_make(StaticPlan* plan, const Registry* registry, NodeSpec* const* wanted, size_t n_wanted);
void static_plan_done(StaticPlan* plan);
#define _cleanup_static_plan_ _cleanup_(static_plan_done)
