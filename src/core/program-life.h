/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The life of the program of an output hook.
 *
 *   STARTING ── it runs ──► RUNNING ── it ended by itself ──► ENDED ── how is known, or not in time ──┐
 *      ▲ │                     │                                                                     │
 *      │ └── it cannot run ────┴── it was silent for too long, or lied ──► WAITING ◄─────────────────┘
 *      └──────────────────────── the delay is over ────────────────────────┘
 *
 * The delays grow as those of nodes do. They are counted from the failure, and none is shorter than what lines were held up
 * by it: whatever the timeout, a program that never answers holds them up for half of the time at most, and soon for less.
 *
 * A timeout is the measure of a program at work, and most take a while before they work at all. So one that has not
 * answered once yet is only *late*: it is not asked any more, lines pass, and it has its time to begin.
 *
 * All times are of one clock that does not go backwards. */

#include <stdbool.h>

#include "core/backoff.h"

#define PROGRAM_DELAY_USEC (1 * USEC_PER_SEC)
#define PROGRAM_DELAY_MAX_USEC (1 * USEC_PER_MINUTE)
#define PROGRAM_RESET_USEC (30 * USEC_PER_SEC) /* of good work, after which former failures are forgotten */
#define PROGRAM_FIRST_ANSWER_USEC (5 * USEC_PER_SEC) /* from its start to its first answer, or the timeout if that is longer */
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
        bool proved;  /* it has answered since */
        bool late;    /* and is not asked until it does */
        usec_t next;  /* ENDED and WAITING: when that is over */
        usec_t good;  /* for how long it did what it should */
        usec_t held_up;
        usec_t timeout, first_answer;
        BackoffPolicy policy;
        Backoff backoff;
} ProgramLife;

/* Begins STARTING. timeout is that of an answer. */
void program_life_init(ProgramLife* life, usec_t timeout, usec_t now);

/* May it be asked? Also while it is being started: the questions wait for it, for no longer than others do. */
bool program_life_takes_questions(const ProgramLife* life);

void program_life_runs(ProgramLife* life, usec_t now);
/* A question was not answered in time. True: that is no failure yet, and it is late; until it runs, or, if it does, until
 * it answers that question. */
bool program_life_was_silent(ProgramLife* life, usec_t now);
/* When being late becomes a failure. */
usec_t program_life_patience(const ProgramLife* life);
/* It has answered. True: for the first time. */
bool program_life_answered(ProgramLife* life);
/* good_until: up to then it did what it should, and a line was held up since, if that is not now. */
void program_life_ended(ProgramLife* life, usec_t now, usec_t good_until);
/* As before; of one that had ended or never ran good_until says nothing new. */
void program_life_failed(ProgramLife* life, usec_t now, usec_t good_until);
void program_life_starts(ProgramLife* life, usec_t now);
void program_life_stopped(ProgramLife* life);
