/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One script, from its first token to its last: is it plausible, what does it load, what does it redefine? */

#include "stand-in/scripts.h"

#define SCRIPT_BRACKETS_MAX 1000
#define SCRIPT_CONDITIONS_MAX 100
#define SCRIPT_STATEMENT_MAX 1000 /* tokens; longer ones are checked and otherwise left alone */

/* file is the name for messages, and its directory the one that @load ./x starts from. */
int script_check(Scripts* scripts, const char* file, const char* text, size_t size);
