/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Where to find the core of a process that was said to have dumped one.
 *
 * The kernel hands it to whoever kernel.core_pattern names. systemd-coredump writes an entry into the journal when it is done,
 * which may be long after the process has ended; nobody waits for that, and it may keep nothing of a core that is too large.
 * But the entry will have the field COREDUMP_PID=, and coredumpctl(1) finds it by that: so that is what can be told. */

#include <stdbool.h>
#include <stdint.h>

typedef struct CoreDump {
        bool in_journal; /* systemd-coredump has it, or will have */
        char* hint;      /* half a sentence about where it is; NULL: nobody can say */
} CoreDump;

/* Of the process that had this pid, by what is in /proc/sys/kernel/core_pattern. */
CoreDump core_dump_find(const char* pattern, uint32_t pid);
void core_dump_done(CoreDump* dump);
#define _cleanup_core_dump_ _cleanup_(core_dump_done)
