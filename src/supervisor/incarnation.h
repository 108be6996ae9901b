/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One run of a node: from the order to the stem, through the process and its pipes, to the last line and the release.
 * It carries out what the node asks of its process, and turns what the stem says into the node's events. */

#include "link/node-fds.h"
#include "supervisor/instance.h"

/* What the stem holds of a node: an entry in the reply to List. The descriptors are borrowed. */
typedef struct HeldProcess {
        uint32_t pid;
        int fds[_NODE_FD_MAX];
        bool exited, emptied;
        bool out_of_memory; /* which is why its scope ended */
        ExitReason reason;
} HeldProcess;

/* Orders a process from the stem; ends in LAUNCHED or LAUNCH_FAILED, never before this function returned. While there is
 * no stem the order waits for incarnation_reconcile(), as all that follows does. */
void incarnation_launch(Instance* instance);
/* Has the main process sent SIGTERM: once, however often this is called. */
void incarnation_terminate(Instance* instance);
void incarnation_signal(Instance* instance, int signal);
void incarnation_kill_scope(Instance* instance, int signal);

/* From the stem: the main process ended, or the scope is gone, because memory ran out or not. pid tells incarnations
 * apart. */
void incarnation_exited(Instance* instance, uint32_t pid, ExitReason reason);
void incarnation_emptied(Instance* instance, uint32_t pid, bool out_of_memory);

/* The stem was asked what it holds: this process of the node, or none (NULL). Brings both to one view, and repeats what
 * was asked of the stem and may not have reached it. The node must exist. */
void incarnation_reconcile(Instance* instance, const HeldProcess* held);

/* Lets go of all that belongs to the current run. */
void incarnation_forget(Instance* instance);
