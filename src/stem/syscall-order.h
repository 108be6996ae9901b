/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a process may ask of the kernel, as an order says it. */

#include <stdbool.h>
#include <stdint.h>

#include "core/verdict.h"
#include "util/alloc.h"

#define SYSCALL_ORDER_FAMILIES 64 /* bits of the set */

typedef struct OrderedCall {
        char* name;
        int verdict;
} OrderedCall;

typedef struct SyscallOrder {
        bool is_given;    /* false: everything is allowed */
        int other_calls;  /* what becomes of those that are not among the calls */
        OrderedCall* calls; /* sorted by name, each once */
        size_t n_calls;
        char** architectures; /* that are served besides the machine's own, by libseccomp's names */
        bool restricts_families;
        uint64_t families; /* bit n: sockets of the address family n may be made */
} SyscallOrder;

void syscall_order_done(SyscallOrder* order);

/* The call's own verdict, or that on other calls. */
int syscall_order_verdict(const SyscallOrder* order, const char* call);

/* Equal for equal orders, and for no others. */
char* syscall_order_to_string(const SyscallOrder* order);
