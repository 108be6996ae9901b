/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The order to the stem for the program of a hook: everything about its process and its scope.
 *
 * The program sees what nodes print and decides what of it is kept; it needs nothing else, and gets nothing else: a user
 * of its own without any rights, a scope with limits of its own, a profile of system calls of its own, an environment of
 * six words. */

#include <systemd/sd-bus.h>

#include "output/hook.h"
#include "supervisor/helper-host.h"

#define HOOK_SLICE "zeek-hooks.slice"
#define HOOK_SECCOMP "hook"
#define HOOK_MEMORY_MAX (UINT64_C(256) * 1024 * 1024)
#define HOOK_TASKS_MAX UINT64_C(64)
#define HOOK_NOFILE_MAX UINT64_C(256)
#define HOOK_OOM_SCORE_ADJUST 500 /* rather a filter than what it filters */
#define HOOK_SCOPE_STOP_USEC (5 * USEC_PER_SEC)

#define HOOK_STOP_USEC (500 * USEC_PER_MSEC) /* from the end of its input to SIGTERM, and on to SIGKILL */

/* "hook:NAME": what the stem calls it. Allocated. */
char* hook_process_name(const char* hook);

/* "zeek-hook-50\x2dnoise.scope" for "50-noise"; of a name that is too long for a unit, its beginning and a hash. */
char* hook_scope_name(const char* hook);
bool hook_scope_name_is_one(const char* scope);

/* The hook's program as a helper. */
Helper hook_helper(Hook* hook);
