/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The program of an Exec= hook: one confined process that is asked about lines and answers in the order in which it was
 * asked, many questions under way at a time.
 *
 * Nobody waits for it longer than its timeout: who does not get an answer in time, or gets one that is none, is told
 * that the program failed, and so is everybody else who has asked; then the process is ended and started again
 * with growing delays. While it does not run nobody can ask. While it is being started one can: the questions wait for it
 * as long as for an answer. */

#include "output/hook.h"
#include "output/program-queue.h"

typedef struct HelperHost HelperHost;
typedef struct HookProgram HookProgram;

/* Begins to start it. Keeps a reference to the hook, which has an exec. */
int hook_program_new(HelperHost* host, Hook* hook, HookProgram** ret);
/* Tells those who have asked that it failed, before it returns; the process is ended behind its back. Not to be called from
 * a callback of an asker. */
HookProgram* hook_program_free(HookProgram* p);
DEFINE_CLEANUP(HookProgram*, hook_program_free)

/* What its process may ask of the kernel has become something else since it was started. */
bool hook_program_is_outdated(const HookProgram* p);

/* Asks about a line, which holds no newline; number is the asker's, and comes back with the answer.
 * 0; -EAGAIN: there is no room for a question now (room() comes); -ENOTCONN: the program does not run, the line passes. */
int hook_program_ask(HookProgram* p, HookAsker* asker, uint32_t number, const char* node, Stream stream, const void* line,
                     size_t size);
