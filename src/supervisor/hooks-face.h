/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The part of org.zeek.Supervisor that is about hooks: AddHook, RemoveHook, ListHooks and TestHooks. */

#include "supervisor/supervisor.h"

/* TestHooks calls that wait for programs, of all and of one sender; a line is no longer than LINE_MAX_MAX. */
#define HOOK_TESTS_MAX 64U
#define HOOK_TESTS_PER_SENDER_MAX 16U

/* On the object of the manager, as a second table of the same interface. */
int hooks_face_register(Supervisor* s);

/* Answers nobody any more: the daemon ends. */
void hooks_face_done(Supervisor* s);
