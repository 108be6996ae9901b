/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What happens to nodes, from the signals of org.freedesktop.DBus.ObjectManager and Properties alone. */

#include "ctl/ctl.h"

typedef enum NodeEventKind {
        NODE_EVENT_ADDED,
        NODE_EVENT_CHANGED,
        NODE_EVENT_REMOVED,
        NODE_EVENT_SUPERVISOR_LEFT, /* node is NULL */
        NODE_EVENT_SUPERVISOR_CAME, /* node is NULL */
} NodeEventKind;

typedef struct NodeEvent {
        NodeEventKind kind;
        const char* node;
        const json_t* before; /* its properties until now; NULL: it was not known */
        const json_t* now;    /* and from now on */
} NodeEvent;

typedef void (*node_event_handler_t)(const NodeEvent* event, void* userdata);

typedef struct NodeEvents NodeEvents;

/* Subscribes, then learns what there is, so that nothing is missed between. On failure it has been said why. start: have the supervisor started if it does not run. */
Outcome node_events_new(Ctl* ctl, bool start, node_event_handler_t handler, void* userdata, NodeEvents** ret);
NodeEvents* node_events_free(NodeEvents* e);
DEFINE_CLEANUP(NodeEvents*, node_events_free)
#define _cleanup_node_events_ _cleanup_(node_events_freep)

/* Name to properties of every node that is there. */
const json_t* node_events_known(const NodeEvents* e);
