/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One pipe of one process, on its way to the journal.
 *
 * A turn shows what is in the pipe, finds the lines in it, has each judged by the hooks, sends those that pass, and takes
 * from the pipe what was sent, in small batches: a daemon that is killed has lost nothing, and the next one repeats less
 * than one batch. When the journal is full, or a hook's program has not answered yet, the rest stays in the pipe,
 * which pushes back on the node that writes to it and on nobody else. */

#include "output/journal-entry.h"
#include "output/last-output.h"
#include "output/line-splitter.h"
#include "output/rate-limit.h"
#include "output/stream.h"
#include "supervisor/line-counters.h"
#include "supervisor/line-judge.h"
#include "supervisor/output-hub.h"
#include "util/usec.h"

/* Lines and bytes that are sent before they are taken out of the pipe, hence what a killed daemon may repeat: as many
 * lines, or as many bytes and the line that exceeds them. */
#define OUTPUT_BATCH_LINES 64U
#define OUTPUT_BATCH_BYTES (8U * 1024)

/* What is known of a node's output. It is the node's, and outlives the processes that the node has been. All zero in
 * the beginning. Of lines that have not left their pipe yet, and will be repeated if the daemon is killed now, the kept
 * counters know nothing. */
typedef struct NodeOutputState {
        uint64_t lines_forwarded; /* the journal has them; each piece of a cut line is one */
        uint64_t lines_suppressed; /* hooks took them out */
        uint64_t lines_dropped;    /* there were too many in too short a time */
        LastOutput last;
        KeptCounters* kept; /* the same for the next daemon; NULL: nowhere */
} NodeOutputState;

/* What both streams of a process have in common. */
typedef struct OutputOwner {
        OutputHub* hub;         /* weak */
        NodeOutputState* state; /* weak */
        const char* node;       /* weak */
        unsigned role;
        RateLimit rate_limit;
        void (*dropped)(void* userdata); /* a line was: whoever has this called says how many */
        void* dropped_userdata;
        void (*changed)(void* userdata); /* the state has changed: at the end of a turn; may be NULL */
        void* changed_userdata;
        void (*ended)(void* userdata); /* a stream has ended: the last thing in a turn */
        void* ended_userdata;
} OutputOwner;

typedef struct OutputStream {
        OutputOwner* owner; /* weak */
        Stream kind;
        int fd; /* empty: the stream has ended */
        sd_event_source* readable;
        sd_event_source* again; /* made when it is needed */
        usec_t again_usec;
        OutputTurn turn;
        usec_t turn_began;
        JournalWaiter waiter;
        bool behind; /* its last turn left lines in the pipe */
        LineSplitter splitter;
        LineJudge judge;
        JournalEntry prefix;
        size_t unfinished; /* bytes in the pipe when there was no complete line among them */
        bool ending;
        size_t left; /* of an ending stream: bytes that are still to come */
        int error;   /* the last one, so that it is said once */
} OutputStream;

/* Takes the descriptor, also on failure; an empty one is a stream that has ended. */
int output_stream_init(OutputStream* s, OutputOwner* owner, Stream kind, const LineOrigin* origin, size_t line_max,
                       int fd);
/* Also if output_stream_init() failed. */
void output_stream_done(OutputStream* s);

/* Nobody is to write any more: the stream ends behind what is in the pipe now, also if a writer is left. */
void output_stream_end(OutputStream* s);

static inline bool output_stream_has_ended(const OutputStream* s) {
        return s->fd < 0;
}
