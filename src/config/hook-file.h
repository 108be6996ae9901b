/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Hook files (design section 6.2): DIRECTORY/hooks.d/NAME.hook with one section [Hook].
 *
 * Lists add up, an empty value takes back what was assigned to this key so far, Match= is one pattern for each
 * assignment and verbatim to the end of the line. Names that begin with X- are other programs'.
 *
 * A hook drops lines that nobody can bring back, so a file is read with suspicion. What is wrong is a diagnostic; if the
 * hook without it could apply to lines that were not meant (a bad Node= or Action=, a key that may be a misspelt
 * Match=, a line that makes no sense), the whole hook is out of force. A value of Priority=, SetField= or TimeoutSec= is
 * merely left out, and so is one pattern as long as there is another. */

#include "config/diagnostics.h"
#include "output/hook.h"

typedef struct HookList {
        Hook** items;
        size_t n, allocated;
} HookList;

void hook_list_done(HookList* list);
#define _cleanup_hook_list_ _cleanup_(hook_list_done)

/* All hooks in force, in the order in which they apply: the files of the directories, as search_path_directories() gives
 * them, and the runtime hooks, which are files in a directory of their own (NULL: there are none). Where both have a name
 * the file wins. HOOKS_MAX, HOOK_PATTERNS_MAX and HOOK_PROGRAMS_MAX are kept, by leaving out hooks.
 *
 * The list is empty before. Reads files and may block: for a thread. */
void hook_list_load(HookList* list, char* const* directories, const char* runtime_directory, Diagnostics* d);

/* One hook from a text in memory, called `file` in diagnostics. NULL if it is out of force. */
Hook* hook_parse(const char* name, const char* source, const char* file, const char* text, size_t size, Diagnostics* d);

/* The text of a file from which hook_parse() makes an equal hook without a diagnostic, if the values are good ones. */
char* hook_to_text(const Hook* hook);
