/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "child/syscall-order.h"
#include "util/strv.h"

void syscall_order_done(SyscallOrder* order) {
        strv_free(order->architectures);
        *order = (SyscallOrder) {};
}

SyscallOrder syscall_order_copy(const SyscallOrder* order) {
        SyscallOrder copy = *order;

        copy.architectures = strv_copy(order->architectures);
        return copy;
}

bool syscall_order_equal(const SyscallOrder* a, const SyscallOrder* b) {
        return strcmp(a->calls, b->calls) == 0 && strv_equal(a->architectures, b->architectures) &&
               a->restricts_families == b->restricts_families && a->families == b->families;
}
