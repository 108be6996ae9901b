/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The processes of the programs of hooks, from the order to the stem to the last word.
 *
 * The stem holds them as it holds nodes, but nothing else is as with nodes: a process belongs to the daemon that asked for
 * it and has its input. One that nobody wants any more is ended and let go behind the back of whoever wanted it; one
 * that an earlier daemon left is ended when it is found. There is one of a name at a time: the next one waits until
 * nothing is left of those before. */

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "core/exit-reason.h"
#include "output/hook.h"
#include "supervisor/journal-writer.h"

#define HOOK_STOP_USEC (500 * USEC_PER_MSEC)    /* from the end of its input to SIGTERM, and on to SIGKILL */
#define HOOK_HOST_STOP_USEC (10 * USEC_PER_SEC) /* for all of them, when the daemon is stopped */

typedef struct HookHost HookHost;
typedef struct HookProcess HookProcess;
typedef struct Supervisor Supervisor;

/* What programs need beside their processes. */
typedef struct HookHostPlace {
        sd_event* event;
        JournalWriter* journal;
        bool user_mode;
} HookHostPlace;

int hook_host_new(Supervisor* s, HookHost** ret);
/* No program is left. Processes that are, are the next daemon's to end. */
HookHost* hook_host_free(HookHost* host);

const HookHostPlace* hook_host_place(const HookHost* host);

/* For good: takes all processes from their programs and ends them. True when nothing is left of them, or has to be waited
 * for no longer; until then shutdown_check() is called when that is so. */
bool hook_host_stop(HookHost* host);

/* From the loop. In all but the first the process is gone: what was not done with it never will be. */
typedef struct HookProcessHandlers {
        /* It runs. Takes its input, which does not block, and its output. */
        void (*started)(void* userdata, int input, int output);
        /* It ended by itself. The process is still to be given back with hook_process_end(). */
        void (*ended)(void* userdata, const char* how);
        /* It could not be started, or is not where it was. */
        void (*failed)(void* userdata, const char* why);
        /* The host stops. */
        void (*stopped)(void* userdata);
} HookProcessHandlers;

/* Starts the hook's program as soon as its name is free. -ESHUTDOWN: the host has stopped. */
int hook_process_start(HookHost* host, Hook* hook, const HookProcessHandlers* handlers, void* userdata, HookProcess** ret);
/* It is not wanted any more. It finds the end of its input and has time to end by itself, unless it is to be killed. */
HookProcess* hook_process_end(HookProcess* p, bool kill);

/* ---- what the stem says ---- */

/* Is this the name of one of ours? */
bool hook_host_owns(const char* name);

void hook_host_exited(HookHost* host, const char* name, uint32_t pid, ExitReason reason);
void hook_host_emptied(HookHost* host, const char* name, uint32_t pid);

typedef struct HeldHookProcess {
        const char* name;
        const char* scope;
        uint32_t pid;
        bool exited, emptied;
        ExitReason reason;
} HeldHookProcess;

/* What it holds, one after the other, all between a beginning and an end. */
void hook_host_list_begin(HookHost* host);
void hook_host_found(HookHost* host, const HeldHookProcess* held);
void hook_host_list_end(HookHost* host);
