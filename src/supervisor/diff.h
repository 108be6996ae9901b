/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The method Diff: the files are read as Reload reads them, and compared instead of applied. */

#include <systemd/sd-bus.h>

#include "supervisor/stem-client.h"

typedef struct Differ Differ;
typedef struct Supervisor Supervisor;

int differ_new(Supervisor* s, Differ** ret);
Differ* differ_free(Differ* differ);

/* Answers the call when the files were read. LimitsExceeded for more than DIFFS_MAX at once. */
int differ_take(Differ* differ, sd_bus_message* m, sd_bus_error* error);
/* The line to the stem is up again. */
void differ_resume(Differ* differ);
