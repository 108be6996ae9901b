/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The life of the program of an output hook.
 *
 *   STARTING ── it runs ──► RUNNING ── it ended by itself ──► ENDED ── how is known, or not in time ──┐
 *      ▲ │                     │                                                                     │
 *      │ └── it cannot run ────┴── it was silent for too long, or lied ──► WAITING ◄─────────────────┘
 *      └──────────────────────── the delay is over ────────────────────────┘
 *
 * The delays grow as those of nodes do. They are counted from the failure, and none is shorter than the timeout: a program
 * that never answers holds lines up for its timeout and then not for at least as long. All times are of one clock that
 * does not go backwards. */

#include <stdbool.h>

#include "core/backoff.h"

#define PROGRAM_DELAY_USEC (1 * USEC_PER_SEC)
#define PROGRAM_DELAY_MAX_USEC (1 * USEC_PER_MINUTE)
#define PROGRAM_RESET_USEC (30 * USEC_PER_SEC) /* of good work, after which former failures are forgotten */
#define PROGRAM_EXIT_USEC (1 * USEC_PER_SEC)   /* for the word of how it ended */

typedef enum ProgramState {
        PROGRAM_STARTING,
        PROGRAM_RUNNING,
        PROGRAM_ENDED,
        PROGRAM_WAITING,
        PROGRAM_STOPPED, /* for ever */
} ProgramState;

typedef struct ProgramLife {
        ProgramState state;
        usec_t since; /* RUNNING: when that began */
        usec_t next;  /* ENDED and WAITING: when that is over */
        BackoffPolicy policy;
        Backoff backoff;
} ProgramLife;

/* Begins STARTING. timeout is that of an answer. */
void program_life_init(ProgramLife* life, usec_t timeout, usec_t now);

/* May it be asked? Also while it is being started: the questions wait for it, for no longer than others do. */
bool program_life_takes_questions(const ProgramLife* life);

void program_life_runs(ProgramLife* life, usec_t now);
void program_life_ended(ProgramLife* life, usec_t now);
/* good_until: up to then it did what it should; anything if it never ran. */
void program_life_failed(ProgramLife* life, usec_t now, usec_t good_until);
void program_life_starts(ProgramLife* life, usec_t now);
void program_life_stopped(ProgramLife* life);
