/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The moment at which the service manager puts a process into the control group of its scope.
 *
 * The manager makes the group, limits it, moves the process there, and tells on the bus what it has done when all of its
 * other work is done as well; the kernel tells of each step when it is taken (inotify(7); cgroups(7) on cgroup.events). So
 * this is earlier than the end of the job, and it is a hint: whoever gets it looks for himself, and whoever does not,
 * because the slice is not there yet or nothing can be watched, has the end of the job to go by.
 *
 * The control group of a slice stays watched for as long as it is there. */

#include <systemd/sd-event.h>

#include "util/macro.h"

typedef struct ScopeEntries ScopeEntries; /* all of them */
typedef struct ScopeEntry ScopeEntry;     /* of one scope that is being started */

/* The group was made, or a process has come into it. The entry may be freed in it. */
typedef void (*scope_entry_seen_t)(void* userdata);

/* root: where the hierarchy is mounted; a static string. */
int scope_entries_new(sd_event* event, const char* root, ScopeEntries** ret);
ScopeEntries* scope_entries_free(ScopeEntries* entries);
DEFINE_CLEANUP(ScopeEntries*, scope_entries_free)

/* slice_group: the control group of the scope's slice, below the root of the hierarchy ("/zeek.slice"). -errno: nothing
 * will be seen. */
int scope_entry_new(ScopeEntries* entries, const char* slice_group, const char* scope, scope_entry_seen_t seen,
                    void* userdata, ScopeEntry** ret);
ScopeEntry* scope_entry_free(ScopeEntry* entry);
