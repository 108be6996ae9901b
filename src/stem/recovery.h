/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Takes back what the service manager kept for us when the stem before ended (store.h), and makes nodes and launches of
 * it. What makes no sense is forgotten, with a message; nothing is ever killed for it: the supervisor will find that we
 * lack a node, and hand it back. */

#include "stem/node-table.h"
#include "stem/resumption.h"
#include "stem/store.h"

/* A descriptor as it was handed over, with the name that it was stored under. */
typedef struct StoredDescriptor {
        int fd;
        uint64_t key; /* that it has in its bundle (fd-bundle.h) */
        char* name;
} StoredDescriptor;

typedef struct StoredDescriptors {
        StoredDescriptor* items;
        size_t n, allocated;
} StoredDescriptors;

/* Takes the descriptor over; of a bundle, what is in it. */
void stored_descriptors_add(StoredDescriptors* all, int fd, const char* name);
void stored_descriptors_done(StoredDescriptors* all);

typedef struct RecoveryPlace {
        Store* store;
        NodeTable* nodes;
        Resumptions* resumptions;
} RecoveryPlace;

/* Takes the descriptors over. */
void recover(const RecoveryPlace* place, StoredDescriptors* all);
