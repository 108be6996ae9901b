/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Takes a node from a supervisor that knows it, when the store was lost. */

#include "stem/node-table.h"
#include "stem/store.h"

/* What Adopt is called with. */
typedef struct Adoption {
        const char *name, *scope; /* the message's */
        Process process;
        char* verdicts; /* on its system calls (syscall-verdicts.h), as in NodeRecord */
} Adoption;

#define ADOPTION_NONE ((Adoption) { .process = PROCESS_NONE })

/* Reads the message and looks at the process that is said to be the main process of a node; its descriptors are duplicated
 * as far as they are of use. Without a pidfd among them the process must be in the scope, or it counts as ended.
 * *a is ADOPTION_NONE before. Negative, with *error set (InvalidArgs) for what makes no sense. */
int adoption_read(sd_bus_message* m, Adoption* a, sd_bus_error* error);
void adoption_done(Adoption* a);
#define _cleanup_adoption_ _cleanup_(adoption_done)

/* Stores and holds it. Takes the process over, but not on failure. */
int adopt(NodeTable* nodes, Store* store, Adoption* a);
