/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "stem/syscall-order.h"
#include "util/strv.h"

void syscall_order_done(SyscallOrder* order) {
        for (size_t i = 0; i < order->n_calls; i++)
                free(order->calls[i].name);
        free(order->calls);
        strv_free(order->architectures);
        *order = (SyscallOrder) {};
}

static int compare_name(const void* key, const void* entry) {
        return strcmp(key, ((const OrderedCall*) entry)->name);
}

int syscall_order_verdict(const SyscallOrder* order, const char* call) {
        const OrderedCall* found =
                order->n_calls > 0 ? bsearch(call, order->calls, order->n_calls, sizeof order->calls[0], compare_name) : NULL;

        return found ? found->verdict : order->other_calls;
}

char* syscall_order_to_string(const SyscallOrder* order) {
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        (void) fprintf(f, "%i %i %i %#llx", order->is_given, order->other_calls, order->restricts_families,
                       (unsigned long long) order->families);
        STRV_FOREACH(architecture, order->architectures)
                (void) fprintf(f, " %s", *architecture);
        for (size_t i = 0; i < order->n_calls; i++)
                (void) fprintf(f, " %s:%i", order->calls[i].name, order->calls[i].verdict);
        (void) fclose(f);
        return text;
}
