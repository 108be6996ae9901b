/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the service manager keeps for the next stem (FDSTORE=1 of sd_notify(3)): of each node its pidfd, the read ends
 * of its output, its report pipe, and a file in memory that says which of them is what (node-record.h).
 *
 * All of a node comes and goes in one message and under one name, so the service manager never has a part of it. The
 * names are small numbers: the service manager hands all of them over in one environment variable, for which the kernel
 * has a limit of 128 KiB; a variable beyond it would mean that the stem could never be started again. */

#include "service/notifier.h"
#include "stem/limits.h"
#include "stem/node-record.h"

#define STORE_SLOTS_MAX (2 * STEM_NODES_MAX) /* numbers of four digits */

typedef struct Store Store;
typedef struct StoreSlot StoreSlot; /* what is kept of one node */

/* The notifier must outlive it. */
Store* store_new(Notifier* notifier);
Store* store_free(Store* store);
DEFINE_CLEANUP(Store*, store_free)

/* Hands a process over. 1: done; 0: the service manager is slow, and sent comes when it is done, unless the slot was
 * forgotten before; the slot is valid in both cases. */
int store_add(Store* store, const char* name, const char* scope, const Process* process, notifier_sent_t sent,
              void* userdata, StoreSlot** ret);
/* One that the service manager has of the stem before. Takes the file over. -EEXIST, -ERANGE. */
int store_restore(Store* store, unsigned number, int record_fd, StoreSlot** ret);

/* What happened to the node, for the next stem. */
void store_slot_launched(StoreSlot* slot);
void store_slot_failed(StoreSlot* slot);
void store_slot_terminated(StoreSlot* slot);
void store_slot_exited(StoreSlot* slot, const ProcessExit* e);

/* Forgets the slot: what the service manager has of it is dropped, or kept for the next stem. NULL is no slot. */
StoreSlot* store_slot_drop(StoreSlot* slot);
StoreSlot* store_slot_keep(StoreSlot* slot);

/* Drops what the service manager has under a name that belongs to no slot. */
void store_drop_name(Store* store, const char* name);
