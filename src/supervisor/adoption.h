/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Reconciliation of the three that know of nodes: what the daemon remembers (state-files.h), what the stem holds, and
 * which scopes exist. It is made when the daemon starts, whenever the line to the stem is up again, and when an answer of
 * the stem was lost. Afterwards the three agree, and nothing that ran was ended or started twice.
 *
 * What is remembered says what a node is to be; the stem says what there is; a scope that neither of them knows is made
 * a node again as far as it can be made out. */

#include <stdbool.h>
#include <stdint.h>

#include "core/exit-reason.h"

typedef struct Adoption Adoption;
typedef struct Supervisor Supervisor;

/* done is called after the first reconciliation, or when the stem has taken longer than AdoptTimeoutSec=; once. */
Adoption* adoption_new(Supervisor* s, void (*done)(Supervisor* s));
Adoption* adoption_free(Adoption* a);

/* Puts the remembered nodes into the registry. To be called once, before adoption_start(). */
void adoption_remember(Adoption* a);
/* Begins, or begins anew. Without a line to the stem nothing happens; it will be called again. */
void adoption_start(Adoption* a);

/* The stem says that a process exited, or its scope is empty. True: its descriptors have not come yet, and it will be
 * reconciled with this. */
bool adoption_note_exited(Adoption* a, const char* name, uint32_t pid, ExitReason reason);
bool adoption_note_emptied(Adoption* a, const char* name, uint32_t pid, bool out_of_memory);
