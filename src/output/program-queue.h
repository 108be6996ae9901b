/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The questions to the program of a hook: those that it has not answered yet, and whoever waits to ask more.
 *
 * Answers belong to questions in the order in which these were asked. A question is to be answered within the timeout,
 * counted from when it was asked and not from when the program got to it: nobody's line waits longer. So that the
 * timeout says something about the program and not about how much it was asked at once, it is only asked as much as it
 * answers in a quarter of it: the window of questions under way begins with one, grows while they are answered soon, and
 * shrinks when they are not.
 *
 * Who finds the window full waits, and is told in turn when there is room. A fair share of it is kept for those who were
 * told until they have had their chance to ask; whoever comes meanwhile waits behind those who do. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "output/program-protocol.h"
#include "util/usec.h"

/* What one program is sent ahead of its answers. The limit of bytes may be exceeded by a single question. */
#define HOOK_QUESTIONS_MAX 4096U
#define HOOK_QUESTIONS_BYTES_MAX (256U * 1024)

typedef enum HookAnswer {
        HOOK_ANSWER_PASS,
        HOOK_ANSWER_BREAK,
        HOOK_ANSWER_FAILED, /* there is none, and never will be: the line passes */
} HookAnswer;

typedef struct HookAsker HookAsker;
typedef struct HookQuestion HookQuestion;
typedef struct HookWait HookWait;

/* Somebody who asks. Embedded in its owner, who sets the callbacks and leaves the rest zero; they never come from within a
 * question, and in them one may ask. */
struct HookAsker {
        void (*answered)(void* userdata, uint32_t number, HookAnswer answer);
        void (*room)(void* userdata); /* after -EAGAIN: ask again, now or soon */
        void* userdata;

        unsigned n_asked; /* questions without an answer, of all programs; read only */

        LIST_HEAD(, HookQuestion) questions;
        LIST_HEAD(, HookWait) waits;
};

/* The asker gets no callback any more, from no program: it ends. */
void hook_asker_cancel(HookAsker* asker);

typedef struct ProgramQueue {
        usec_t timeout;

        TAILQ_HEAD(, HookQuestion) asked;
        unsigned n_asked;
        size_t bytes_asked;
        unsigned window;   /* so many may be under way */
        unsigned settling; /* answers during which it is not made smaller once more */

        /* What has not been written yet. */
        char* unsent;
        size_t begin, end, allocated;
        uint64_t total_asked, total_sent; /* bytes */
        AnswerReader reader;

        /* Those who wait, and those who were told that there is room for them. */
        TAILQ_HEAD(HookWaits, HookWait) waiting, granted;
        unsigned n_waiting;
        unsigned n_granted; /* questions */
        HookWait* serving;  /* the granted one who is asking; weak */

        void (*kick)(void* userdata);
        void* userdata;
} ProgramQueue;

/* kick: call program_queue_give_room() soon, but not from within. */
void program_queue_init(ProgramQueue* q, usec_t timeout, void (*kick)(void* userdata), void* userdata);
/* Nobody has asked, and nobody waits. */
void program_queue_done(ProgramQueue* q);

/* 0; -EAGAIN: the asker waits. */
int program_queue_ask(ProgramQueue* q, HookAsker* asker, uint32_t number, const char* node, Stream stream, const void* line,
                      size_t size, usec_t now);

/* What is to be written; NULL: nothing. */
const char* program_queue_unsent(const ProgramQueue* q, size_t* ret_size);
void program_queue_sent(ProgramQueue* q, size_t size);

/* What the program has said. Tells those who asked. -EBADMSG when it lies, with what it did in *ret_fault (allocated, a
 * sentence without its subject). */
int program_queue_answered(ProgramQueue* q, const void* data, size_t size, usec_t now, char** ret_fault);

/* When the oldest question is to be answered; USEC_INFINITY: there is none. */
usec_t program_queue_deadline(const ProgramQueue* q);
/* When program_queue_give_room() is to be called if not before: somebody does not come. USEC_INFINITY: never. */
usec_t program_queue_patience(const ProgramQueue* q);
/* It is not the program that was late: all timeouts begin anew. */
void program_queue_excuse(ProgramQueue* q, usec_t now);

/* Tells those who wait, as far as there is room. To be called when answers have come. */
void program_queue_give_room(ProgramQueue* q, usec_t now);

/* Answers come too late: tells everybody who has asked that there is none, and everybody who waits. The questions remain,
 * and are answered to nobody. As with program_queue_fail(). */
unsigned program_queue_pass(ProgramQueue* q);

/* There will be no answers: tells everybody who has asked, then everybody who waits, and is as new. Whoever asks
 * meanwhile has to be refused by the caller. Returns how many lines pass for it. */
unsigned program_queue_fail(ProgramQueue* q);
