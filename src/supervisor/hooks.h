/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The hooks in force, and how they come and go: from files when the configuration is read, over the bus at run time.
 *
 * A change reads files or makes one and compiles all patterns anew, which may take seconds. So it is made by a worker,
 * one after the other in the order in which they were asked for, while the old hooks stay in force; the new ones are put
 * into force between two lines. What the bus added is kept as a file in the runtime directory, in the same
 * form as all others, so that it outlives this daemon, and goes with the boot. */

#include "config/diagnostics.h"
#include "output/hook-chain.h"
#include "supervisor/helper-host.h"
#include "supervisor/output-hub.h"
#include "supervisor/places.h"

/* Changes that wait for their turn; whoever wants one more is told so. */
#define HOOK_CHANGES_MAX 128U

/* Runtime hooks are files in this directory of the runtime directory. */
#define HOOKS_RUNTIME_DIRECTORY "hooks"

/* What a change came to. error is the name of a D-Bus error, NULL if it was made; text says why not. */
typedef void (*hooks_changed_t)(void* userdata, const char* error, const char* text);

typedef struct HooksPlace {
        sd_event* event;
        const Places* places;
        OutputHub* output;
        HelperHost* programs;
        void (*changed)(void* userdata); /* other hooks are in force */
        void* userdata;
} HooksPlace;

/* The hooks of all files, compiled, and what is wrong with them. Blocks: for a thread, and for --check-config. */
HookChain* hooks_read_files(bool user_mode, const char* runtime_directory, Diagnostics* warnings);

typedef struct Hooks Hooks;

/* There are none before the first hooks_load(). */
int hooks_new(const HooksPlace* place, Hooks** ret);
/* All outputs are gone. No change is reported any more. */
Hooks* hooks_free(Hooks* h);
DEFINE_CLEANUP(Hooks*, hooks_free)

/* Those in force; NULL: none were ever loaded. */
HookChain* hooks_chain(const Hooks* h);

/* Each calls back once, perhaps before it returns. */
void hooks_load(Hooks* h, hooks_changed_t done, void* userdata);
/* These take a reference to the hook. -EBUSY: too many changes wait, and it does not call back. */
int hooks_add(Hooks* h, Hook* hook, hooks_changed_t done, void* userdata);
int hooks_remove(Hooks* h, const char* name, hooks_changed_t done, void* userdata);
