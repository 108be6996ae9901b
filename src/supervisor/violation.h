/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The entry in the journal about a system call that a node or the program of a hook made and its profile does not allow. */

#include "core/node.h"
#include "supervisor/journal-writer.h"

/* As the stem tells it. */
typedef struct Violation {
        const char* call;  /* "": various ones */
        uint64_t argument; /* of socket: the address family */
        uint32_t pid;      /* who made the first of them */
        int verdict;
        uint64_t count; /* since the stem told it last */
} Violation;

void violation_write(JournalWriter* journal, const Node* node, const Violation* violation, const char* profile,
                     bool user_mode);
/* From now on nobody hears of such calls of this node. */
void violation_write_unwatched(JournalWriter* journal, const Node* node, const char* profile, bool user_mode);
void violation_write_of_hook(JournalWriter* journal, const char* hook, const char* scope, const Violation* violation,
                             const char* profile, bool user_mode);
