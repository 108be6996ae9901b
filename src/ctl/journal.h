/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The command line of journalctl(1) that shows what nodes printed and what became of them, to be run on the host whose
 * nodes they are. */

#include "ctl/options.h"

/* Whose journal. uid: of the user whose supervisor is meant, when that is not who calls; -1: it is. */
typedef struct JournalScope {
        bool user;
        const char* machine; /* a container of the host; NULL: its own */
        long uid;
} JournalScope;

/* What --host and --machine mean for a journal: 0; -EOPNOTSUPP with *ret_why (allocated) if journalctl cannot read it.
 * Looks up users. */
int journal_scope(const Options* o, JournalScope* ret, char** ret_why);

/* The command line, for strv_free(). names: of nodes; none: all of them, and the daemons. */
char** journal_command(const Options* o, const JournalScope* scope, char* const* names);
