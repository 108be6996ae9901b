/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a test wants of this node besides being a Zeek: the environment variable ZEEK_STANDIN, directives
 * with commas between them. directives.c has the table of all, which is also what --help prints.
 *
 * Steps are done one after the other, in the order in which they stand, as soon as the node runs. Then comes
 * the end, if there is one. The rest says how, and its order does not matter. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIRECTIVES_VARIABLE "ZEEK_STANDIN"
#define ENDLESS UINT64_MAX

typedef enum StepType {
        STEP_SHOW,
        STEP_SAY,
        STEP_PRINT,
        STEP_PRINT_BOTH,
        STEP_PARTIAL,
        STEP_SLEEP,
        STEP_CHILDREN,
        STEP_DAEMON,
        STEP_THREADS,
        STEP_SPIN,
        STEP_MEMORY,
        STEP_LEAK,
        STEP_FDS,
        STEP_RESOLVE,
        STEP_PROBE,
        STEP_CALL,
        STEP_CLOSE_OUTPUT,
        STEP_EXEC,
} StepType;

typedef struct Step {
        StepType type;
        int fd;          /* for those that write */
        uint64_t number;
        char* text;      /* size bytes, and a NUL behind them */
        size_t size;
} Step;

typedef enum EndType {
        END_NONE,
        END_EXIT,
        END_ABORT,
        END_SIGNAL,
} EndType;

typedef struct Directives {
        Step* steps;
        size_t n_steps, allocated;

        EndType end;
        uint64_t end_value;

        /* how lines are printed */
        uint64_t rate, bytes, from;
        char *tag, *tally;
        bool each_line;

        /* how the node lives */
        uint64_t after_msec, slow_start_msec, slow_term_msec;
        uint64_t term_exit, term_print;
        char* status;
        bool have_after, early, stay, ignore_term, no_status, connections;
        bool children_ignore_term, children_keep_pipes;
} Directives;

/* text may be NULL. -EINVAL: said on stderr. */
int directives_parse(Directives* ret, const char* text);
void directives_done(Directives* directives);

/* For END_ABORT and END_SIGNAL. Comes back if the signal does not end a process. */
void directives_end_by_signal(const Directives* directives);

void directives_print_help(FILE* f);
