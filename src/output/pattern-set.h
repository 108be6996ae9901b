/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Many regular expressions, matched in one pass over a line, in time linear in the line whatever it and they hold.
 *
 * The engine is libhs (Hyperscan or Vectorscan); nobody else knows it. Patterns are in PCRE's syntax as far as an automaton
 * can have it: no back-references, no assertions but ^ $ \b. They are not anchored and mind case unless they say otherwise;
 * '.' is any byte, and a line is bytes, not characters. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

typedef struct PatternSet PatternSet;

/* Told of a pattern that is left out: where in it the trouble begins, from 0, as far as that is known, and why. */
typedef void (*pattern_refused_t)(size_t index, size_t offset, const char* why, void* userdata);

/* Compiles what can be compiled, which may take seconds for thousands. The result belongs to one thread at a time. NULL:
 * there is nothing to match. */
PatternSet* pattern_set_new(const char* const* patterns, size_t n, pattern_refused_t refused, void* userdata);
PatternSet* pattern_set_free(PatternSet* set);
DEFINE_CLEANUP(PatternSet*, pattern_set_free)

/* Called with the index of each pattern that matches, in no particular order. True: enough. */
typedef bool (*pattern_matched_t)(size_t index, void* userdata);

void pattern_set_scan(PatternSet* set, const char* data, size_t size, pattern_matched_t matched, void* userdata);
