/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the service manager keeps for the next stem (FDSTORE=1 of sd_notify(3)): of each node all descriptors that its
 * process is known by (process.h), and a file in memory that says which of them is what (node-record.h).
 *
 * All that a node starts with goes in at once; what its child hands over (handover.h) comes later. Where there are bundles
 * (fd-bundle.h), a few nodes lie in one, and only the first of them is a message to the service manager. A node that nobody wants
 * to know of any more stays in its bundle, marked, until the others in it have gone too.
 *
 * The names have two characters, a letter and another one: the service manager hands the
 * name of each descriptor over in one environment variable, for which the kernel has a limit of 128 KiB; a variable beyond
 * it would mean that the stem could never be started again. A stem of before, whose names were decimal numbers, leaves
 * its nodes under those. */

#include "service/notifier.h"
#include "stem/limits.h"
#include "stem/node-record.h"

/* Letters, and characters that nobody has to quote. Some to spare beyond the number of nodes, because new ones may come
 * before the old ones have gone. FileDescriptorStoreMax= in the unit is this times the descriptors of a node. */
#define STORE_NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define STORE_NAME_SECOND STORE_NAME_FIRST "0123456789!#$%&()*+,-./;<=>?@[]^_{|}~"
#define STORE_SLOTS_MAX ((sizeof STORE_NAME_FIRST - 1) * (sizeof STORE_NAME_SECOND - 1))
#define STORE_SLOT_FDS_MAX (_PROCESS_FD_MAX + 1) /* descriptors, with its record */
#define STORE_NAME_SIZE 8
/* Nodes that go into one bundle: so many times less work for the service manager, and at most so many times what is kept. */
#define STORE_BUNDLE_NODES_MAX 8U
#define STORE_BUNDLE_FDS_MAX (STORE_BUNDLE_NODES_MAX * STORE_SLOT_FDS_MAX)
_Static_assert(STORE_SLOTS_MAX > STEM_NODES_MAX, "a name for each node");
_Static_assert(STORE_SLOTS_MAX * STORE_SLOT_FDS_MAX * 3 < 128 * 1024 - 64, "one environment variable for all names");

typedef struct Store Store;
typedef struct StoreSlot StoreSlot; /* what is kept of one node */

/* The notifier must outlive it, and no slot may. bundles: use them. What lies in a bundle counts as
 * under way: all processes of its user but those with CAP_SYS_RESOURCE or CAP_SYS_ADMIN may have no more under way than their
 * limit of descriptors before they can pass none. That is nothing to do to an ordinary user's session. */
Store* store_new(Notifier* notifier, bool bundles);
Store* store_free(Store* store);
DEFINE_CLEANUP(Store*, store_free)

/* Hands a process over, and what the record says of it beside its pid and descriptors. 1: done; 0: the service manager is
 * slow, and sent comes when it is done, unless the slot was forgotten before; the slot is valid in both cases. */
int store_add(Store* store, const NodeRecord* about, const Process* process, notifier_sent_t sent,
              void* userdata, StoreSlot** ret);
/* One that the service manager has of the stem before, under this name, maybe with others. Takes the file over. -EINVAL. */
int store_restore(Store* store, const char* name, int record_fd, StoreSlot** ret);

/* Hands over more of what is kept of its process. 1: done; 0: the service manager is slow, and the next stem may not find
 * it here; -errno. */
int store_slot_extend(StoreSlot* slot, const int fds[_NODE_FD_MAX]);

/* What happened to the node, for the next stem. */
void store_slot_launched(StoreSlot* slot);
void store_slot_failed(StoreSlot* slot);
void store_slot_terminated(StoreSlot* slot);
void store_slot_exited(StoreSlot* slot, const ProcessExit* e);

/* Forgets the slot: what the service manager has of it is dropped, with the last of its bundle, or kept for the next stem.
 * NULL is no slot. */
StoreSlot* store_slot_drop(StoreSlot* slot);
StoreSlot* store_slot_keep(StoreSlot* slot);

/* Drops what the service manager has under a name that belongs to no slot. */
void store_drop_name(Store* store, const char* name);
