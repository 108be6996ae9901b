/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "supervisor/core-dump.h"
#include "util/alloc.h"

/* "|/lib/systemd/systemd-coredump %P %u …" */
static bool is_systemd(const char* pattern) {
        size_t length = strcspn(pattern, " \n");
        const char program[] = "/systemd-coredump";
        const size_t n = sizeof program - 1;

        return pattern[0] == '|' && length > n && strncmp(pattern + length - n, program, n) == 0;
}

CoreDump core_dump_find(const char* pattern, uint32_t pid) {
        int length = (int) strcspn(pattern, "\n");

        if (is_systemd(pattern))
                return (CoreDump) { .in_journal = true,
                                    .hint = xasprintf("what is kept of its core shows \"coredumpctl info %" PRIu32 "\"", pid) };
        if (length == 0)
                return (CoreDump) {};
        if (pattern[0] == '|')
                return (CoreDump) { .hint = xasprintf("its core was given to %.*s", length - 1, pattern + 1) };
        return (CoreDump) { .hint = xasprintf("its core is %s%.*s", pattern[0] == '/' ? "" : "in its working directory as ",
                                              length, pattern) };
}

void core_dump_done(CoreDump* dump) {
        free(dump->hint);
        *dump = (CoreDump) {};
}
