/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Profiles of system calls: DIRECTORY/seccomp/NAME.conf with one section [Seccomp], in the words of systemd.exec(5).
 *
 *   SystemCallFilter=         @groups and names; the first list says whether it is one of calls that are allowed or,
 *                             with a ~ before it, of calls that are not; later ones add to it or take from it. A word with
 *                             a colon (`ptrace:EACCES`, `@aio:ENOSYS`) says what becomes of this call, in either kind
 *   SystemCallErrorNumber=    what becomes of a call that is not allowed: an errno, `kill`, or `log`, which lets it through
 *                             and reports it. Where systemd kills if nothing is said, this is EPERM
 *   SystemCallLog=            calls that are allowed and reported; with a ~ all but these
 *   SystemCallArchitectures=  by default the machine's own only
 *   RestrictAddressFamilies=  the families of sockets that are allowed, with a ~ those that are not, or `none`
 *
 * Whatever is wrong in a file makes the whole profile unusable: a list that lost a word is another list. */

#include <stdbool.h>

#include "config/address-family.h"
#include "config/diagnostics.h"
#include "config/syscall-table.h"
#include "core/verdict.h"

typedef struct SeccompProfile {
        char* name;
        char* problem; /* why it cannot be used, "FILE:LINE: …"; NULL: it can, and all that follows is set */

        char** architectures;   /* besides the machine's own, by libseccomp's names; sorted */
        int verdicts[SYSCALLS]; /* by syscall_find() */
        char* calls; /* the same in the words in which the stem is told: "OTHERS CALL:VERDICT …", those that differ from others */
        int other_calls;        /* what becomes of those that have no name yet; as if the kernel did not know them either,
                                 * if the list is one of allowed calls: programs try new ones and do without */
        bool restricts_families;
        bool families[ADDRESS_FAMILY_MAX]; /* those that are allowed then */
} SeccompProfile;

/* One profile from a text in memory, called `file` in diagnostics. Never NULL. */
SeccompProfile* seccomp_profile_parse(const char* name, const char* file, const char* text, size_t size, Diagnostics* d);
/* One from a file, which may block. */
SeccompProfile* seccomp_profile_load(const char* name, const char* file, Diagnostics* d);
SeccompProfile* seccomp_profile_free(SeccompProfile* profile);
DEFINE_CLEANUP(SeccompProfile*, seccomp_profile_free)
#define _cleanup_seccomp_profile_ _cleanup_(seccomp_profile_freep)
