/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the daemon holds for a node: its line to the stem, the pipes of the running incarnation, its timer. It carries
 * out the effects that the node asks for and turns what happens into the node's events. */

#include "supervisor/node-output.h"
#include "supervisor/supervisor.h"

typedef struct Instance {
        Supervisor* supervisor; /* weak */
        Node* node;             /* weak: the node owns us through its userdata */

        sd_event_source* timer;
        sd_bus_slot* launch;  /* the order under way */
        sd_bus_slot* release; /* the last word about an incarnation under way */
        sd_event_source* failure; /* a launch that failed before it got as far as the stem */
        char* failure_text;

        bool exited, emptied; /* what the stem has said about the incarnation */
        char* cgroup;         /* of the running incarnation; NULL: not known */
        char* layout_directory; /* of the last launch; NULL: the node stands alone */
        uint64_t order_hash;    /* of the last launch */

        NodeOutputState output_state; /* of all incarnations */
        NodeOutput* output;           /* of the running one */

        unsigned notices; /* marked NoticeGroups */
        TAILQ_ENTRY(Instance) noticed;
} Instance;

static inline Instance* node_instance(const Node* node) {
        return node->userdata;
}

Instance* instance_new(Supervisor* s, Node* node);
Instance* instance_free(Instance* instance);

/* Orders a process from the stem; ends in LAUNCHED or LAUNCH_FAILED, never before this function returned. */
void instance_launch(Instance* instance);
/* After a change of configuration: would it be launched differently now? If not, its scope gets the limits
 * that are due now. */
bool instance_adapt(Instance* instance);
/* The node is forgotten: its files and what is known of its output go too. */
void instance_forget(Instance* instance);
void instance_signal(Instance* instance, int signal);
void instance_kill_scope(Instance* instance, int signal);
/* Makes the timer agree with the node's deadline. */
void instance_arm_timer(Instance* instance);

/* From the stem: the main process ended, or the scope is gone. pid tells incarnations apart. */
void instance_exited(Instance* instance, uint32_t pid, ExitReason reason);
void instance_emptied(Instance* instance, uint32_t pid);
