/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The filter of a process' system calls, compiled before the fork (libseccomp takes memory) and loaded by the child with
 * hardly anything left to do.
 *
 * What is not allowed is not decided by the kernel, but asked of whoever listens: that is how it is known (syscall-watch.h).
 * Where nobody can listen the other program is loaded, in which the kernel has the same answers. What looks as if the
 * kernel did not know the call (ENOSYS) is nobody's business in either.
 *
 * After the filter the child still has to hand over the listener, to execute the program, and to undo what it did if that
 * fails; its own profile may forbid all of that. So it gives these calls a pass: a secret in the sixth argument, which the
 * calls do not have. The program never learns it: nothing of the child is left when it runs. */

#include <linux/filter.h>

#include "child/syscall-order.h"

typedef struct SyscallFilter {
        struct sock_fprog asking; /* empty: this kernel cannot ask */
        struct sock_fprog silent;
        unsigned long pass;
        char* verdicts; /* what is to be answered when it asks (syscall-verdicts.h) */
} SyscallFilter;

/* Those that were wanted last: nodes of a role have the same, and compiling takes milliseconds. */
typedef struct SyscallFilters SyscallFilters;

SyscallFilters* syscall_filters_new(void);
SyscallFilters* syscall_filters_free(SyscallFilters* filters);

/* There is a filter for what this order says. */
bool syscall_filters_have(const SyscallFilters* filters, const SyscallOrder* order);

/* The filter of an order, NULL if all calls are allowed; valid until the next one is got. -errno: libseccomp says no. */
int syscall_filters_get(SyscallFilters* filters, const SyscallOrder* order, const SyscallFilter** ret);
