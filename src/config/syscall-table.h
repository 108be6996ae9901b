/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The names of system calls, and the groups in which profiles speak of them: those of systemd (systemd.exec(5),
 * SystemCallFilter=), so that a list means here what it means in a unit file.
 *
 * A name is known if any architecture has it; whether this machine has such a call is the stem's to find out. */

#include <stdbool.h>
#include <stddef.h>

/* A call is its place in the table: 0 … SYSCALLS - 1. */
#define SYSCALLS 553U

const char* syscall_name(size_t call);
/* SIZE_MAX: there is no such call. */
size_t syscall_find(const char* name);

/* Marks all calls of a group ("@file-system"). False: there is no such group. */
bool syscall_group_mark(const char* group, bool marks[SYSCALLS]);
