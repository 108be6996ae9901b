/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The processes of helpers, which are no nodes: the programs of hooks, the archiver; from the order to the stem to the last
 * word.
 *
 * The stem holds them as it holds nodes, but nothing else is as with nodes: a process belongs to the daemon that asked for
 * it. One that nobody wants any more is ended and let go behind the back of whoever wanted it; one
 * that an earlier daemon left is ended when it is found. There is one of a name at a time: the next one waits until
 * nothing is left of those before. */

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "core/exit-reason.h"
#include "supervisor/configuration.h"
#include "supervisor/journal-writer.h"
#include "supervisor/violation.h"

#define HELPER_HOST_STOP_USEC (10 * USEC_PER_SEC) /* for all of them, when the daemon is stopped */

typedef struct HelperHost HelperHost;
typedef struct HelperProcess HelperProcess;
typedef struct Supervisor Supervisor;

/* What a kind of helper has in common. */
typedef struct HelperType {
        bool has_input;      /* a pipe; that it ends is the first that one hears that is not wanted any more */
        usec_t stop_usec;    /* from that to SIGTERM, and on to SIGKILL */
        const char* seccomp; /* its profile of system calls, without which it is not started; NULL: it may make all */
        /* Why it cannot be started now, borrowed; NULL: it can. */
        const char* (*problem)(const void* subject, const Configuration* c);
        /* Appends the order as the a{sv} that org.zeek.Stem.Launch takes; seccomp is NULL if it has no profile, input the
         * read end of the pipe, or empty. */
        int (*append_order)(const void* subject, sd_bus_message* m, const Supervisor* s, const SeccompProfile* seccomp,
                            int input);
        void (*release)(void* subject);
} HelperType;

/* One helper. Everything but the type is its own. */
typedef struct Helper {
        const HelperType* type;
        void* subject;
        char* name;       /* at the stem; no node's name holds a colon */
        char* scope;
        char* identifier; /* in the journal */
        char* hook;       /* NULL: it is of no hook */
} Helper;

void helper_done(Helper* helper);

/* What helpers need beside their processes. */
typedef struct HelperHostPlace {
        sd_event* event;
        JournalWriter* journal;
        bool user_mode;
} HelperHostPlace;

int helper_host_new(Supervisor* s, HelperHost** ret);
/* No program is left. Processes that are, are the next daemon's to end. */
HelperHost* helper_host_free(HelperHost* host);

const HelperHostPlace* helper_host_place(const HelperHost* host);

/* For good: takes all processes from their programs and ends them. True when nothing is left of them, or has to be waited
 * for no longer; until then shutdown_check() is called when that is so. */
bool helper_host_stop(HelperHost* host);

/* From the loop. In all but the first the process is gone: what was not done with it never will be. */
typedef struct HelperProcessHandlers {
        /* It runs. Takes its input, which does not block, or is empty, and its output. */
        void (*started)(void* userdata, int input, int output);
        /* It ended by itself. The process is still to be given back with helper_process_end(). */
        void (*ended)(void* userdata, const char* how);
        /* It could not be started, or is not where it was. */
        void (*failed)(void* userdata, const char* why);
        /* The host stops. */
        void (*stopped)(void* userdata);
} HelperProcessHandlers;

/* Starts it as soon as its name is free; takes the helper over, also on failure. -ESHUTDOWN: the host has stopped. */
int helper_process_start(HelperHost* host, Helper* helper, const HelperProcessHandlers* handlers, void* userdata,
                         HelperProcess** ret);
/* It is not wanted any more. It finds the end of its input and has time to end by itself, unless it is to be killed. */
HelperProcess* helper_process_end(HelperProcess* p, bool kill);
/* Its profile of system calls has become another one since it was launched. */
bool helper_process_is_outdated(const HelperProcess* p);

/* ---- what the stem says ---- */

/* Is this the name of one of ours? */
bool helper_host_owns(const char* name);

void helper_host_exited(HelperHost* host, const char* name, uint32_t pid, ExitReason reason);
void helper_host_emptied(HelperHost* host, const char* name, uint32_t pid);
void helper_host_violated(const HelperHost* host, const char* name, uint32_t pid, const Violation* violation);

typedef struct HeldHelper {
        const char* name;
        const char* scope;
        uint32_t pid;
        bool exited, emptied;
        ExitReason reason;
} HeldHelper;

/* What it holds, one after the other, all between a beginning and an end. */
void helper_host_list_begin(HelperHost* host);
void helper_host_found(HelperHost* host, const HeldHelper* held);
void helper_host_list_end(HelperHost* host);
