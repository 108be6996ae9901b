/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One process of a helper; what helper-host.c is made of.
 *
 *   QUEUED ── its turn ──► LAUNCHING ── it runs ──► RUNNING ── not wanted any more ──► ENDING ──► forgotten
 *      ▲                       │ │                                                       ▲
 *      └── nothing is known ───┘ └────── not wanted any more meanwhile ──────────────────┘
 *
 * One that an earlier daemon left begins ENDING. */

#include "supervisor/helper-lines.h"
#include "supervisor/helper-host.h"
#include "supervisor/supervisor.h"

typedef enum HelperProcessState {
        HELPER_PROCESS_QUEUED, /* nothing of it is there yet */
        HELPER_PROCESS_LAUNCHING,
        HELPER_PROCESS_RUNNING,
        HELPER_PROCESS_ENDING, /* nobody wants it */
} HelperProcessState;

/* How one that is ENDING is told so. */
typedef enum HelperProcessUrgency {
        HELPER_PROCESS_END_OF_INPUT, /* enough for most of them */
        HELPER_PROCESS_TERMINATE,
        HELPER_PROCESS_KILL,
} HelperProcessUrgency;

struct HelperHost {
        HelperHostPlace place;
        Supervisor* s; /* weak */
        TAILQ_HEAD(, HelperProcess) processes;
        sd_event_source* start; /* looks for those who may be launched */
        sd_event_source* again; /* asks the stem once more what it holds */
        sd_event_source* patience;
        bool listed; /* the stem has said once what it holds */
        bool stopping, stopped;
};

struct HelperProcess {
        HelperHost* host; /* weak */
        HelperProcessState state;
        Helper helper; /* without a type: of an earlier daemon */
        const HelperProcessHandlers* handlers; /* NULL: nobody wants it */
        void* userdata;
        int input; /* while it is being launched */
        uint64_t seccomp_hash; /* of the profile that it was launched with */
        uint32_t pid;
        HelperLines* errors;
        bool held, exited, emptied;
        HelperProcessUrgency urgency;
        sd_bus_slot* call;
        sd_event_source* timer;
        TAILQ_ENTRY(HelperProcess) entry;
};

/* Takes the helper over. */
HelperProcess* helper_process_new(HelperHost* host, Helper* helper);
void helper_process_free(HelperProcess* p);

/* Whoever wants it is told that there is no such process. */
void helper_process_fail(HelperProcess* p, const char* why);
/* Its turn has come. May be the end of it. */
void helper_process_launch(HelperProcess* p);
/* Does what is next to be done about one that is ENDING; no harm comes from doing it again. */
void helper_process_pursue(HelperProcess* p);

/* In helper-host.c: one was freed; it is not known what the stem holds. */
void helper_host_process_gone(HelperHost* host);
void helper_host_look_again(HelperHost* host);
