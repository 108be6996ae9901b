/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A hook: which lines it is for, and what it does with them. What Zeek's Supervisor::stdout_hook and stderr_hook are to
 * the supervisor of Zeek.
 *
 * Immutable once it is made, and then shared by threads: whoever needs it holds a reference. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/stream.h"
#include "util/alloc.h"
#include "util/usec.h"

#define HOOK_NAME_MAX 128U
#define HOOK_FILE_SUFFIX ".hook"

#define HOOKS_MAX 4096U         /* files and runtime hooks together */
#define HOOK_PATTERNS_MAX 16384U /* of all hooks together */
#define HOOK_PATTERN_BYTES_MAX 4096U
#define HOOK_GLOBS_MAX 256U  /* of one hook */
#define HOOK_GLOB_BYTES_MAX 256U
#define HOOK_FIELDS_MAX 32U  /* of one hook */
#define HOOK_FIELD_BYTES_MAX 4096U /* of one value */
#define HOOK_EXEC_WORDS_MAX 128U
#define HOOK_EXEC_BYTES_MAX (32U * 1024) /* of all words together */
#define HOOK_PROGRAMS_MAX 16U /* of all hooks together: each is a process */
#define HOOK_TIMEOUT_USEC_DEFAULT (1 * USEC_PER_SEC)
#define HOOK_TIMEOUT_USEC_MIN (1 * USEC_PER_MSEC)
#define HOOK_TIMEOUT_USEC_MAX (60 * USEC_PER_SEC)

/* What the bus calls the source of a hook that no file has. */
#define HOOK_SOURCE_RUNTIME "runtime"

typedef enum HookAction {
        HOOK_GO_ON, /* no Action=: the next hook has its turn */
        HOOK_SUPPRESS,
        HOOK_PASS,
        _HOOK_ACTION_MAX,
        _HOOK_ACTION_INVALID = -EINVAL,
} HookAction;

/* "" for the first, "suppress", "pass" */
DECLARE_ENUM_TABLE(hook_action, HookAction);

typedef struct HookPattern {
        char* text;
        unsigned line, column; /* where it begins in the hook's file, from 1; 0: it is in none */
} HookPattern;

typedef struct HookField {
        char* name;
        char* value;
} HookField;

typedef struct Hook {
        unsigned n_ref; /* atomic */
        char* name;     /* of its file, without ".hook" */
        char* source;   /* path of its file, or HOOK_SOURCE_RUNTIME */

        unsigned streams; /* bits 1 << Stream */
        char** nodes;     /* globs as of fnmatch(3); NULL: every node */
        unsigned roles;   /* bits 1 << role, as the caller numbers them; 0: every role */

        HookPattern* patterns; /* any of them; none: every line */
        size_t n_patterns;

        HookAction action;
        int priority; /* of syslog(3); -1: as it is */
        HookField* fields;
        size_t n_fields;

        char** exec; /* asks this program; NULL: it is a rule */
        usec_t timeout_usec;
} Hook;

/* What all hooks together have of what there is a limit for. */
typedef struct HookTotals {
        size_t hooks, patterns, programs;
} HookTotals;

/* What came of a hook so far. */
typedef struct HookCounters {
        uint64_t matched;    /* lines that it was for */
        uint64_t suppressed; /* those among them that it suppressed */
        uint64_t failures;   /* questions to which its program gave no answer */
} HookCounters;

/* A hook's name becomes the name of a file: 1 to HOOK_NAME_MAX of A-Za-z0-9_.-, and first neither '.', which would hide
 * the file, nor '-'. NULL when the name is good, else why not (allocated). */
char* hook_name_check(const char* name);

/* Counts the hook in. NULL, or the limit that it would exceed (allocated), and it is not counted. */
char* hook_totals_add(HookTotals* totals, const Hook* hook);

/* The order in which hooks apply: that of the names of their files, suffix included, as `LC_ALL=C ls` sorts them. */
int hook_name_compare(const char* a, const char* b);

/* For every line of both streams of every node, and does nothing. Whoever makes it may change it, by these functions and
 * by hand, until somebody else sees it. */
Hook* hook_new(const char* name, const char* source);
void hook_add_pattern(Hook* hook, const char* text, unsigned line, unsigned column);
/* Takes the place of an earlier value of this field. */
void hook_set_field(Hook* hook, const char* name, const char* value);
void hook_clear_patterns(Hook* hook);
void hook_clear_fields(Hook* hook);

Hook* hook_ref(Hook* hook);
Hook* hook_unref(Hook* hook);
DEFINE_CLEANUP(Hook*, hook_unref)
#define _cleanup_hook_ _cleanup_(hook_unrefp)

/* Do they have the same name and do the same? Where they come from does not count. */
bool hook_equal(const Hook* a, const Hook* b);

/* Has this stream of this node anything to do with it? */
bool hook_concerns(const Hook* hook, const char* node, unsigned role, Stream stream);

/* Is this the name of a field that SetField= may give an entry? Those that say whose line it is and what kind of entry,
 * and those on which the journal's readers act because root wrote them, are not to be forged by anybody. */
bool hook_field_name_is_allowed(const char* name);
