/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Calls that change something, about several nodes or hooks at once.
 *
 * They go out together, in waves where their order matters, and each result is told as it comes: on stdout what was
 * done, on stderr what was not and what to do about it; or all of them as JSON. On a terminal a line says how far things
 * are when it takes longer than a moment. */

#include "ctl/ctl.h"

typedef struct CallWords {
        const char* object;  /* "node" or "hook": its key in JSON */
        const char* verb;    /* "restart" */
        const char* doing;   /* "Restarting"; NULL: takes no time, so there is no progress to be shown */
        const char* done;    /* "Restarted" */
        const char* settled; /* "up" or "gone" */
} CallWords;

typedef struct Calls Calls;

Calls* calls_new(Ctl* ctl, const CallWords* words);
Calls* calls_free(Calls* c);
DEFINE_CLEANUP(Calls*, calls_free)
#define _cleanup_calls_ _cleanup_(calls_freep)

/* A call about a thing of this name ("": all of them). Those of a later wave, which is added later, go out when all of an
 * earlier one have been answered. Takes the reference to the message. */
void calls_add(Calls* c, const char* name, unsigned wave, sd_bus_message* m);

/* Sends them and waits for the answers, however long they take. The outcome is that of the first call that failed. */
Outcome calls_run(Calls* c);
