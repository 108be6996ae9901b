/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a process may ask of the kernel, as an order says it. */

#include <stdbool.h>
#include <stdint.h>

#define SYSCALL_ORDER_FAMILIES 64 /* bits of the set */

typedef struct SyscallOrder {
        const char* calls; /* what becomes of each, in the words of syscall-verdicts.h; NULL: all are allowed. Weak: it is the
                            * message's that brought the order, and some kilobytes */
        char** architectures; /* that are served besides the machine's own, by libseccomp's names */
        bool restricts_families;
        uint64_t families; /* bit n: sockets of the address family n may be made */
} SyscallOrder;

void syscall_order_done(SyscallOrder* order);

/* The copy's calls are as weak as the order's. */
SyscallOrder syscall_order_copy(const SyscallOrder* order);
bool syscall_order_equal(const SyscallOrder* a, const SyscallOrder* b);
