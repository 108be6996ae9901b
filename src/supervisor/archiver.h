/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* zeek-archiver, which takes rotated logs out of the queue (supervisor.conf, [Archiver]): a helper that runs as long as the
 * daemon does, if there is such a program, and is started again with growing delays whenever it ends. */

#include <stdbool.h>

#include "util/macro.h"

typedef struct Archiver Archiver;
typedef struct Supervisor Supervisor;

#define ARCHIVER_SCOPE "zeek-archiver.scope"
#define ARCHIVER_STOP_USEC (3 * USEC_PER_SEC) /* from SIGTERM to SIGKILL */

int archiver_new(Supervisor* s, Archiver** ret);
Archiver* archiver_free(Archiver* a);

/* The configuration was read: starts it, ends it, or has it start anew, as that says now. */
void archiver_adapt(Archiver* a);

bool archiver_scope_name_is_one(const char* scope);
