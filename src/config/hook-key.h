/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The keys of a hook, one line each: what hook files and the bus call them, how a value is checked, and where it
 * goes.
 *
 * A hook drops lines, so what is wrong with one may not make it wider than it was meant: each key says whether the
 * hook can do without a value that was refused. */

#include "output/hook.h"

typedef enum HookKeyKind {
        HOOK_KEY_WORD,     /* a later value takes the place of an earlier one */
        HOOK_KEY_LEVEL,    /* the same; a word or a number of syslog(3) */
        HOOK_KEY_SPAN,     /* the same; a time span in files, microseconds on the bus */
        HOOK_KEY_WORDS,    /* several, quoted as in word-list.h */
        HOOK_KEY_FIELDS,   /* the same, NAME=value */
        HOOK_KEY_PATTERNS, /* several; the whole of a value is one, verbatim */
} HookKeyKind;

typedef struct HookKey {
        const char* name;   /* in files */
        const char* member; /* on the bus */
        HookKeyKind kind;
        bool can_be_missing; /* the hook applies to no more lines and does nothing worse without it */

        /* Puts one value, word or pattern, into the hook, adding to a list. NULL when it could, else why not, for a
         * sentence that begins with "Key= "; allocated, and the hook is as it was. */
        char* (*take)(Hook* hook, const char* value);
        /* As if there had been no value yet. */
        void (*clear)(Hook* hook);
} HookKey;

#define HOOK_KEYS 9U
extern const HookKey hook_keys[HOOK_KEYS];

/* By the name in files, and by that on the bus; NULL. */
const HookKey* hook_key_find(const char* name);
const HookKey* hook_key_find_member(const char* member);

/* What HOOK_KEY_FIELDS has for a value that comes in two. */
char* hook_take_field(Hook* hook, const char* name, const char* value);

/* Do its values go together? NULL, else why not (allocated). */
char* hook_check(const Hook* hook);

/* Does it do anything but count the lines that it matches? */
bool hook_has_effect(const Hook* hook);
