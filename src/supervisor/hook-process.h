/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One process of the program of a hook; what hook-host.c is made of.
 *
 *   QUEUED ── its turn ──► LAUNCHING ── it runs ──► RUNNING ── not wanted any more ──► ENDING ──► forgotten
 *      ▲                       │ │                                                       ▲
 *      └── nothing is known ───┘ └────── not wanted any more meanwhile ──────────────────┘
 *
 * One that an earlier daemon left begins ENDING. */

#include "supervisor/hook-errors.h"
#include "supervisor/hook-host.h"
#include "supervisor/supervisor.h"

typedef enum HookProcessState {
        HOOK_PROCESS_QUEUED, /* nothing of it is there yet */
        HOOK_PROCESS_LAUNCHING,
        HOOK_PROCESS_RUNNING,
        HOOK_PROCESS_ENDING, /* nobody wants it */
} HookProcessState;

/* How one that is ENDING is told so. */
typedef enum HookProcessUrgency {
        HOOK_PROCESS_END_OF_INPUT, /* enough for most of them */
        HOOK_PROCESS_TERMINATE,
        HOOK_PROCESS_KILL,
} HookProcessUrgency;

struct HookHost {
        HookHostPlace place;
        Supervisor* s; /* weak */
        TAILQ_HEAD(, HookProcess) processes;
        sd_event_source* start; /* looks for those who may be launched */
        sd_event_source* again; /* asks the stem once more what it holds */
        sd_event_source* patience;
        bool listed; /* the stem has said once what it holds */
        bool stopping, stopped;
};

struct HookProcess {
        HookHost* host; /* weak */
        HookProcessState state;
        char* name; /* at the stem */
        char* scope;
        Hook* hook;                          /* NULL: of an earlier daemon */
        const HookProcessHandlers* handlers; /* NULL: nobody wants it */
        void* userdata;
        int input; /* while it is being launched */
        uint32_t pid;
        HookErrors* errors;
        bool held, exited, emptied;
        HookProcessUrgency urgency;
        sd_bus_slot* call;
        sd_event_source* timer;
        TAILQ_ENTRY(HookProcess) entry;
};

HookProcess* hook_process_new(HookHost* host, const char* name, const char* scope);
void hook_process_free(HookProcess* p);

/* Whoever wants it is told that there is no such process. */
void hook_process_fail(HookProcess* p, const char* why);
/* Its turn has come. May be the end of it. */
void hook_process_launch(HookProcess* p);
/* Does what is next to be done about one that is ENDING; no harm comes from doing it again. */
void hook_process_pursue(HookProcess* p);

/* In hook-host.c: one was freed; it is not known what the stem holds. */
void hook_host_process_gone(HookHost* host);
void hook_host_look_again(HookHost* host);
