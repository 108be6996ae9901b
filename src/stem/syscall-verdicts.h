/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What becomes of system calls, in words:
 *
 *   EPERM socket:EAFNOSUPPORT ptrace:EACCES     the verdict on all calls that have none of their own, then these
 *
 * So an order says it of all calls, and so the next stem is told what to answer when the kernel asks. */

#include <stddef.h>

#include "child/syscall-order.h"
#include "core/verdict.h"

/* As many as an order may have, with room for each name. */
#define SYSCALL_VERDICTS_SIZE_MAX (12U * 1024)

typedef struct CallVerdict {
        const char* name; /* in the text of all */
        int verdict;
} CallVerdict;

typedef struct SyscallVerdicts {
        int others;
        CallVerdict* calls;
        size_t n_calls;
        char* text;
} SyscallVerdicts;

/* -EINVAL: these are not such words. Whether libseccomp knows a call of this name is not looked at. */
int syscall_verdicts_from_string(const char* text, SyscallVerdicts* ret);
void syscall_verdicts_done(SyscallVerdicts* verdicts);
#define _cleanup_syscall_verdicts_ _cleanup_(syscall_verdicts_done)

int syscall_verdicts_on(const SyscallVerdicts* verdicts, const char* call);

/* Is the kernel to ask, or does it know the answer itself: that the call is allowed, or that it does not exist? */
bool verdict_is_asked(int verdict) _const_;

/* The answers to what is asked under these verdicts, in words; if the families of sockets are restricted, what is answered
 * to one of another family is among them. */
char* syscall_verdicts_asked(const SyscallVerdicts* verdicts, bool restricts_families);
