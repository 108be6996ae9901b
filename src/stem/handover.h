/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child makes itself and its parent has to have: it hands the descriptors over through a socket, all in one
 * message.
 *
 * The socket is in the store from before the child's go, and its message stays in it until what is in it is in the store
 * itself. So the stem may end at any moment: the next one finds it in the one or the other. */

#include "stem/process.h"
#include "stem/store.h"

/* A pair of sockets: the parent's end, which does not block, and the child's. */
int handover_make(int ret[2]);

/* When the program runs: takes what the child has handed over (child/handing-over.h), as far as it is not there, puts it in
 * the store, and closes the socket. */
void handover_take(Process* process, StoreSlot* slot);
