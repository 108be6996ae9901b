/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Takes a node from a supervisor that knows it, when the store was lost. */

#include "stem/node-table.h"
#include "stem/store.h"

/* Looks at a process that is said to be the main process of a node, with duplicates of the descriptors as far as they
 * are of use. Without a pidfd among them the process must be in the scope, or *ret has none either, and counts as ended.
 * -EINVAL: the pidfd is that of another process. */
int adopt_process(const char* scope, pid_t pid, const int fds[_NODE_FD_MAX], Process* ret);

/* Stores and holds it. verdicts: on its system calls (syscall-verdicts.h), as in NodeRecord. Takes the process over, but
 * not on failure. */
int adopt(NodeTable* nodes, Store* store, const char* name, const char* scope, const char* verdicts, Process* process);
