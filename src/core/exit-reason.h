/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How a process ended, in the terms of waitid(2): si_code and si_status. */

#include <stdbool.h>
#include <stdint.h>

#include "util/enum-table.h"

typedef struct ExitReason {
        int code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0: not known, or not ended yet */
        int status; /* exit status or signal number */
        bool out_of_memory; /* the kernel, or systemd-oomd, killed it because memory ran out; known with the scope's end */
} ExitReason;

/* The same in the words that systemd has for the result of a service. */
typedef enum ExitKind {
        EXIT_KIND_SUCCESS,   /* exit status 0 */
        EXIT_KIND_EXIT_CODE, /* another one */
        EXIT_KIND_SIGNAL,
        EXIT_KIND_CORE_DUMP,
        EXIT_KIND_UNKNOWN,
        _EXIT_KIND_MAX,
        _EXIT_KIND_INVALID = -EINVAL,
} ExitKind;

DECLARE_ENUM_TABLE(exit_kind, ExitKind);

/* Exit statuses and signals, as RestartPreventExitStatus= lists them. */
typedef struct ExitReasonSet {
        uint64_t statuses[4]; /* bit n: exit status n */
        uint64_t signals[2];  /* bit n: signal n */
} ExitReasonSet;

void exit_reason_set_add_status(ExitReasonSet* set, unsigned status);
void exit_reason_set_add_signal(ExitReasonSet* set, unsigned signal);
bool exit_reason_set_contains(const ExitReasonSet* set, const ExitReason* reason);

ExitKind exit_reason_kind(const ExitReason* reason) _pure_;

/* What systemd calls a clean end (systemd.service(5), SuccessExitStatus=): exit status 0 and the signals
 * HUP, INT, TERM, PIPE. */
bool exit_reason_is_clean(const ExitReason* reason);

/* Of a process whose scope ended because memory ran out: was it killed for that? One that ended otherwise did so before. */
bool exit_reason_fits_out_of_memory(const ExitReason* reason);

/* "exited with status 3", "was killed by signal SIGKILL", … for a sentence that begins with the node. Allocated. */
char* exit_reason_describe(const ExitReason* reason);
