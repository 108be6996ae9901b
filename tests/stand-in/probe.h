/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Things that a confined node should not be able to do. Each is tried in a way that changes nothing on the
 * machine if it succeeds. */

#include <stdbool.h>
#include <stdio.h>

bool probe_exists(const char* name);
void probe_print_names(FILE* f);

/* Tries it, or all for NULL, in a child, and prints "probe.NAME=ok", the errno's name, or the signal that
 * ended the child. */
void probe_run(int fd, const char* name);
/* Tries it in this process and prints "call.NAME=ok" or the errno's name, if it comes back. */
void probe_call(int fd, const char* name);
