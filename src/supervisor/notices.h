/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Signals to whoever watches: few, and at the end of a loop turn.
 *
 * Changes are marked as they happen and told together: one PropertiesChanged a node and loop turn for its life, and
 * at most one a second for its output, because a bus disconnects whoever floods it. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/node.h"

typedef struct Notices Notices;

int notices_new(sd_event* event, sd_bus* bus, Notices** ret);
Notices* notices_free(Notices* n);
/* Another connection takes the place of the one before. What is told while that one was dead is lost. */
void notices_set_bus(Notices* n, sd_bus* bus);

typedef enum NoticeGroup {
        NOTICE_LIFE = 1 << 0,   /* State, PID, exit, counters of restarts, times, Ready */
        NOTICE_OUTPUT = 1 << 1, /* LastOutput and counters of lines */
        NOTICE_CONFIG = 1 << 2, /* Config, Origin */
        NOTICE_ADDED = 1 << 3,  /* the object itself, and with it all that is said above */
} NoticeGroup;

void notices_mark(Notices* n, Node* node, NoticeGroup group);

/* The node's object appeared. Its properties are told as they are at the end of the turn, or when the node's first NodeStatus
 * is sent. */
void notices_node_added(Notices* n, Node* node);
/* The node's object is about to disappear: what was marked is told before. */
void notices_node_removed(Notices* n, Node* node);
/* The signal NodeStatus. */
void notices_announce(Notices* n, Node* node);
