/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the stem answers when the kernel asks it about a system call, and the words in which the next stem is told:
 *
 *   EPERM socket:EAFNOSUPPORT ptrace:EACCES     the verdict on all calls that have none of their own, then these */

#include "stem/syscall-order.h"

/* As many as an order may have, with room for each name. */
#define SYSCALL_VERDICTS_SIZE_MAX (12U * 1024)

typedef struct SyscallVerdicts {
        int others;
        OrderedCall* calls;
        size_t n_calls;
} SyscallVerdicts;

void syscall_verdicts_done(SyscallVerdicts* verdicts);
#define _cleanup_syscall_verdicts_ _cleanup_(syscall_verdicts_done)

int syscall_verdicts_on(const SyscallVerdicts* verdicts, const char* call);

/* Is the kernel to ask, or does it know the answer itself: that the call is allowed, or that it does not exist? */
bool verdict_is_asked(int verdict) _const_;

/* The answers to what is asked under this order, in words. */
char* syscall_verdicts_of_order(const SyscallOrder* order);

/* -EINVAL: these are not such words. */
int syscall_verdicts_from_string(const char* text, SyscallVerdicts* ret);
