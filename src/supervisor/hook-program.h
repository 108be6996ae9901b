/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The program of an Exec= hook: one confined process that is asked about lines and answers in the order in which it was
 * asked, many questions under way at a time.
 *
 * Nobody waits for it longer than its timeout: who does not get an answer in time, or gets one that is none, is told
 * that the program failed, and so is everybody else who has asked; then the process is ended and started again
 * with growing delays. While it does not run nobody can ask. */

#include <stdint.h>
#include <sys/queue.h>

#include "output/hook.h"
#include "output/stream.h"
#include "supervisor/stem-client.h"

/* What one program is sent ahead of its answers; who has more to ask waits for room. */
#define HOOK_QUESTIONS_MAX 4096U
#define HOOK_QUESTIONS_BYTES_MAX (256U * 1024)

typedef enum HookAnswer {
        HOOK_ANSWER_PASS,
        HOOK_ANSWER_BREAK,
        HOOK_ANSWER_FAILED, /* there is none, and never will be: the line passes */
} HookAnswer;

typedef struct HookProgram HookProgram;
typedef struct HookAsker HookAsker;

/* Somebody who asks. Embedded in its owner, who sets the callbacks; they come from the loop, never from within
 * hook_program_ask(). */
struct HookAsker {
        void (*answered)(void* userdata, uint32_t number, HookAnswer answer);
        void (*room)(void* userdata); /* after -EAGAIN: ask again */
        void* userdata;

        unsigned n_asked; /* questions without an answer, of all programs; read only */
};

/* Asks about a line, which holds no newline; number is the asker's, and comes back with the answer.
 * 0; -EAGAIN: there is no room for a question now (room() comes); -ENOTCONN: the program does not run, the line passes. */
int hook_program_ask(HookProgram* p, HookAsker* asker, uint32_t number, const char* node, Stream stream, const void* line,
                     size_t size);

/* The asker gets no callback any more, from no program: it ends. */
void hook_asker_cancel(HookAsker* asker);
