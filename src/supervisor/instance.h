/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the daemon has of a node beside its life: timer, files, marks for notices, and of the running incarnation the
 * line to the stem and the pipes (incarnation.h). */

#include "core/slice-plan.h"
#include "supervisor/launch-order.h"
#include "supervisor/node-output.h"
#include "supervisor/supervisor.h"

typedef struct Instance {
        Supervisor* supervisor; /* weak */
        Node* node;             /* weak: the node owns us through its userdata */

        sd_event_source* timer;
        sd_bus_slot* order;   /* under way: to launch it, or to take it back */
        sd_bus_slot* release; /* the last word about an incarnation under way */
        sd_event_source* failure; /* a launch that failed before it got as far as the stem */
        char* failure_text;

        bool is_starting;      /* waits for its turn in the start queue */
        usec_t start_wanted;   /* CLOCK_BOOTTIME */
        TAILQ_ENTRY(Instance) starting;

        StatusWatch* status;    /* NULL: nothing says whether it is ready */
        int pidfd, syscalls_fd; /* to hand to a stem that lost its own */
        bool unwatched;         /* nobody has the latter any more, and that was said */
        bool held;            /* the stem said so when it was last asked */
        bool exited, emptied; /* what the stem has said about the incarnation */
        bool out_of_memory;   /* it said so with the latter */
        bool draining;        /* its last lines are on their way */
        char* cgroup;         /* of the running incarnation; NULL: not known */
        SlicePlace place;     /* of all incarnations */

        bool dropped;           /* node.cfg does not want it any more */
        bool adapt_when_running; /* the configuration changed while it was being launched */
        uint64_t limits_hash;   /* of the limits that the scope has; 0: not known */
        bool limits_due;        /* waits for others, and for its turn */
        TAILQ_ENTRY(Instance) limits;

        uint64_t exits[_EXIT_KIND_MAX]; /* of its processes, since this daemon runs */
        NodeOutputState output_state; /* of all incarnations */
        NodeOutput* output;           /* of the running one */

        uint64_t life_hash; /* of what is remembered on disk */
        unsigned notices;   /* marked NoticeGroups */
        TAILQ_ENTRY(Instance) noticed;
} Instance;

static inline Instance* node_instance(const Node* node) {
        return node->userdata;
}

Instance* instance_new(Supervisor* s, Node* node);
Instance* instance_free(Instance* instance);

/* Writes the life of the node to its file. */
void instance_remember(Instance* instance);
/* Has the counters of its lines kept, from zero or from where the former daemon left them. */
void instance_keep_lines(Instance* instance, bool is_new);

/* For a node of which nobody remembers how it was launched: as it would be now. */
void instance_assume_launch(Instance* instance);

/* How a node that runs differs from what it would be if it were launched now. */
typedef enum LaunchChange {
        LAUNCH_SAME,
        LAUNCH_OTHERWISE,  /* it would be another process */
        LAUNCH_LIMITS,     /* its scope would have other limits */
        LAUNCH_LAYOUT,     /* it would be told otherwise who else is in its cluster */
        LAUNCH_IMPOSSIBLE, /* for the allocated reason */
} LaunchChange;

LaunchChange instance_compare(const Instance* instance, const Configuration* c, const NodeSpec* spec, char** ret_why);

/* After a change of configuration: finds out whether a node that runs is outdated; if not, its scope gets the limits that
 * are due now. One that is being launched is remembered for when it runs. */
void instance_adapt(Instance* instance);
/* The node is forgotten: its files and what is known of its output go too. */
void instance_forget(Instance* instance);
/* Writes the files that the node reads, and makes the order that names them. -EINVAL and a description. */
int instance_make_order(Instance* instance, LaunchOrder* ret, char** ret_why);
/* Makes the timer agree with the node's deadline. */
void instance_arm_timer(Instance* instance);
