/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node wants done about an event, in order. The node only says it; whoever gave it the event does it. */

#include "core/job.h"

/* Entries in the journal that tell the story of a node. */
typedef enum NodeMilestone {
        MILESTONE_STARTED,
        MILESTONE_EXITED,
        MILESTONE_WAITING,
        MILESTONE_FAILED,
        MILESTONE_FINISHED,
        MILESTONE_STOPPED,
        MILESTONE_LAUNCH_FAILED, /* text */
        MILESTONE_KILLED,        /* did not end in time */
        MILESTONE_DESTROYED,
        _MILESTONE_MAX,
} NodeMilestone;

typedef enum EffectType {
        EFFECT_ADDED,       /* the node exists from now on */
        EFFECT_LAUNCH,      /* order it from the stem */
        EFFECT_TERMINATE,   /* have the main process end: SIGTERM, once for each start */
        EFFECT_KILL_SCOPE,  /* send number to all processes of the scope */
        EFFECT_ANNOUNCE,    /* the signal NodeStatus */
        EFFECT_MILESTONE,   /* number is a NodeMilestone */
        EFFECT_JOB_DONE,    /* answer and free job; number is a JobResult */
        EFFECT_FORGET,      /* the node is gone, all but its queue */
        _EFFECT_TYPE_MAX,
} EffectType;

typedef struct Effect {
        EffectType type;
        int number;
        Job* job;
        char* text; /* owned */
} Effect;

typedef struct Effects {
        size_t n, allocated;
        Effect* items;
} Effects;

void effects_done(Effects* effects);
#define _cleanup_effects_ _cleanup_(effects_done)

/* Appends one, for its text or job to be filled in. */
Effect* effects_add(Effects* effects, EffectType type, int number);
