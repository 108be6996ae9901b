/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The scripts of a node: found as Zeek finds them, along ZEEKPATH, read, followed through @load and @if, and
 * checked as far as a program can that does not run them: brackets, strings, ends of statements. Their
 * redefs are settings. Scripts that Zeek brings along need no file here; scripts.c has the table of their
 * names. */

#include "stand-in/expression.h"
#include "stand-in/reporter.h"
#include "stand-in/settings.h"
#include "stand-in/version.h"

#define SCRIPT_SIZE_MAX (4U << 20)
#define SCRIPTS_MAX 10000
#define SCRIPT_NESTING_MAX 100

typedef struct Scripts {
        const Version* version;
        Settings* settings;
        ScriptWorld world;
        char** loaded;        /* resolved paths */
        const char* backend;  /* of the cluster; NULL: no script selected one */
        unsigned nesting;
} Scripts;

/* Both are borrowed. The world is that of a Zeek outside of a cluster until somebody fills it in. */
void scripts_init(Scripts* scripts, const Version* version, Settings* settings);
void scripts_done(Scripts* scripts);

/* Where Zeek would find a file of that name, with or without the extension; NULL: nowhere. directory is the
 * one that "./" and "../" start from. */
char* script_find(const char* name, const char* extension, const char* directory);

/* These say on stderr what is wrong, and return a negative errno then. "-" is stdin; where is the place of
 * the @load, NULL for the command line. */
int scripts_load(Scripts* scripts, const char* name, const Location* where);
/* The code of -e. */
int scripts_load_text(Scripts* scripts, const char* file, const char* text);
/* NAME=VALUE of the command line. */
int scripts_set(Scripts* scripts, const char* assignment);
