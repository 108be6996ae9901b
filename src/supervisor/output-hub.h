/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the outputs of all nodes share: the journal writer, the hooks in force, the window through which pipes are looked
 * at, and the order in which they have their turns.
 *
 * A pipe that has something waits in one queue with all others and does a bounded number of bytes when its turn comes.
 * A turn is one dispatch of the event loop, and turns share the loop with the bus as equals: a flood of output
 * delays a call by a turn, a flood of calls delays a turn by a call, and neither can starve the other. */

#include <stdbool.h>
#include <sys/queue.h>

#include <systemd/sd-event.h>

#include "output/hook-chain.h"
#include "supervisor/hook-program.h"
#include "supervisor/journal-writer.h"
#include "supervisor/pipe-window.h"

/* What a pipe may do in one turn before the others have theirs: bytes of lines, and beside them what each line and each
 * look into the pipe costs whatever its length, so that a flood of short lines is no more of a flood than others. It is
 * a millisecond or two; the last line of a turn may exceed it. */
#define OUTPUT_TURN_BYTES (64U * 1024)
#define OUTPUT_STEP_BYTES 256U

/* Embedded in who wants a turn, and sets run and userdata. */
typedef struct OutputTurn OutputTurn;
struct OutputTurn {
        void (*run)(void* userdata); /* may free what the turn is part of */
        void* userdata;
        bool queued;
        TAILQ_ENTRY(OutputTurn) link;
};

typedef struct OutputHub {
        sd_event* event;
        JournalWriter* journal; /* weak */
        HookChain* hooks;       /* weak; NULL: there are none */
        HookProgram** programs; /* weak; by their numbers in the chain; NULL elements do not run */
        unsigned hooks_generation;
        PipeWindow window;
        int always_readable_fd;
        sd_event_source* source;
        TAILQ_HEAD(, OutputTurn) turns;
} OutputHub;

int output_hub_new(sd_event* event, JournalWriter* journal, OutputHub** ret);
/* All outputs are gone. */
OutputHub* output_hub_free(OutputHub* hub);
DEFINE_CLEANUP(OutputHub*, output_hub_free)
#define _cleanup_output_hub_ _cleanup_(output_hub_freep)

/* From the next turn of each output on these hooks are in force. The old ones may go at once: nobody looks at them any
 * more. */
void output_hub_set_hooks(OutputHub* hub, HookChain* hooks, HookProgram** programs);

/* Joins the end of the queue, unless it is in it. */
void output_hub_queue(OutputHub* hub, OutputTurn* turn);
void output_hub_cancel(OutputHub* hub, OutputTurn* turn);
