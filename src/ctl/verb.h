/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What zsupctl can be told to do. Each verb is one line in a table and one file, verb-NAME.c. */

#include <stdio.h>

#include "util/macro.h"

typedef struct Ctl Ctl;

/* Exit statuses, as zsupctl(1) documents them. */
typedef enum Outcome {
        OUTCOME_DONE = 0,        /* all that was asked */
        OUTCOME_FAILED = 1,
        OUTCOME_USAGE = 2,       /* the command line makes no sense; nothing was done */
        OUTCOME_NOT_RUNNING = 3, /* status: a node that was asked about does not run */
        OUTCOME_NO_SUCH = 4,     /* no such node or hook */
        OUTCOME_DENIED = 5,
        OUTCOME_UNREACHABLE = 6, /* no supervisor answers */
} Outcome;

/* The options that not every verb has, by what they are for. */
typedef enum OptionGroup {
        OPTIONS_COMMON = 0,
        OPTIONS_ALL = 1 << 0,
        OPTIONS_FILTER = 1 << 1,
        OPTIONS_NAMES = 1 << 2,
        OPTIONS_SIGNAL = 1 << 3,
        OPTIONS_LINES = 1 << 4,
        OPTIONS_JOURNAL = 1 << 5,
        OPTIONS_TOP = 1 << 6,
} OptionGroup;

typedef struct Verb {
        const char* name;
        const char* arguments; /* as --help shows them; NULL: none */
        unsigned min, max;     /* how many of them */
        unsigned options;      /* OptionGroup bits */
        const char* help;
        Outcome (*run)(Ctl* ctl, char** arguments);
} Verb;

#define ARGUMENTS_MAX 4096U

/* In the order of --help. */
extern const Verb verbs[];
extern const size_t n_verbs;

const Verb* verb_find(const char* name);
/* What somebody may have meant who said this: a verb that begins so, or does what other programs have this word for. NULL:
 * who knows. */
const char* verb_suggest(const char* name);
void verbs_print_help(FILE* out);

Outcome verb_cat(Ctl* ctl, char** arguments);
Outcome verb_create(Ctl* ctl, char** arguments);
Outcome verb_destroy(Ctl* ctl, char** arguments);
Outcome verb_diff(Ctl* ctl, char** arguments);
Outcome verb_hooks(Ctl* ctl, char** arguments);
Outcome verb_import(Ctl* ctl, char** arguments);
Outcome verb_kill(Ctl* ctl, char** arguments);
Outcome verb_list(Ctl* ctl, char** arguments);
Outcome verb_log(Ctl* ctl, char** arguments);
Outcome verb_reload(Ctl* ctl, char** arguments);
Outcome verb_restart(Ctl* ctl, char** arguments);
Outcome verb_status(Ctl* ctl, char** arguments);
Outcome verb_top(Ctl* ctl, char** arguments);
Outcome verb_watch(Ctl* ctl, char** arguments);
