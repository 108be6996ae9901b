/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The order of starts within a cluster: loggers, then the manager, then proxies, then workers.
 *
 * Who wants to start waits until all nodes of its cluster with an earlier role are up (and ready, where that is known),
 * though for one that runs never longer than ReadyTimeoutSec= of that one's role. Nodes of one role start together, and
 * clusters do not wait for each other. Whose earlier ones are not there at all waits for a moment: they may have been asked
 * for in the same breath, in another order; if not, they are on another machine.
 *
 * The stem has ORDERS_MAX launches at a time, which is more than it makes at once: here one waits for next to nothing, there
 * with all that is to be known of its process. */

#include <systemd/sd-event.h>

#define ORDERS_MAX 32U

typedef struct Instance Instance;
typedef struct StartQueue StartQueue;
typedef struct Supervisor Supervisor;

int start_queue_new(Supervisor* s, StartQueue** ret);
StartQueue* start_queue_free(StartQueue* q);

/* The instance is launched when its turn comes, which is in another turn of the loop. */
void start_queue_add(StartQueue* q, Instance* instance);
/* It is on its way out. */
void start_queue_remove(StartQueue* q, Instance* instance);
/* A launch is the stem's now, or no longer. */
void start_queue_order_is_sent(StartQueue* q);
void start_queue_order_is_over(StartQueue* q);
/* A configuration was read, and the binary asked with it. */
void start_queue_binary_is_known(StartQueue* q);
/* The life of some node changed: others may have their turn now. */
void start_queue_kick(StartQueue* q);
