/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a launch is to the two who work on it: launch.c leads it to its program, launch-failure.c to where nothing is left of
 * it. For nobody else. */

#include <sys/queue.h>

#include "child/child-report.h"
#include "stem/launch.h"

typedef struct Launch Launch;

typedef enum LaunchState {
        LAUNCH_QUEUED,  /* nothing has been made yet */
        LAUNCH_SCOPE,   /* the child prepares all it can and waits for its scope */
        LAUNCH_STORE,   /* it is in its scope, but not in the store yet: the service manager is slow */
        LAUNCH_CHILD,   /* it executes the program */
        LAUNCH_JOB,     /* the program runs; the service manager has not said yet that its scope has started */
        LAUNCH_CLEANUP, /* it failed: wait until child and scope are gone */
} LaunchState;

struct Launches {
        LaunchPlace place;
        const LaunchHandlers* handlers;
        void* userdata;
        size_t n, n_most; /* now; at a time since there were none */
        usec_t went_on; /* when a scope was last made, or not */
        TAILQ_HEAD(, Launch) all;
};

struct Launch {
        Launches* launches; /* weak */
        LaunchOrder* order;
        sd_bus_message* request; /* NULL once it was answered */
        LaunchState state;
        char* why; /* the first failure */
        Process process;
        StoreSlot* slot;
        NodeRecord record;  /* what is told of it: all but the verdicts is the order's */
        bool stored;        /* the service manager has it */
        ChildReport report; /* the last one */
        bool killed;        /* the child does not get to remove what it has made */
        bool ended;         /* it is a zombie */
        bool scope_gone;    /* or was never made */
        ScopeStart* start;
        bool start_over; /* it has come to its end */
        ScopeWatch* watch;
        sd_event_source* exit_source;
        sd_event_source* report_source;
        sd_event_source* timer;
        TAILQ_ENTRY(Launch) entry;
};

void launch_set_timer(Launch* launch, usec_t delay);
/* It is over: takes it out and frees it. */
void launch_end(Launch* launch);
