/* SPDX-License-Identifier: BSD-3-Clause */
#include <seccomp.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/order-keys.h"
#include "stem/syscall-verdicts.h"
#include "util/strv.h"

/* What is there twice is not in its place either. */
static const CallVerdict* find_misplaced(const SyscallVerdicts* verdicts) {
        for (size_t i = 1; i < verdicts->n_calls; i++)
                if (strcmp(verdicts->calls[i - 1].name, verdicts->calls[i].name) >= 0)
                        return &verdicts->calls[i];
        return NULL;
}

int order_read_system_calls(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = sd_bus_message_read_basic(m, 's', &order->syscalls.calls);

        return r <= 0 ? order_refuse_value(error, key, r) : 0;
}

int launch_order_check_system_calls(const SyscallOrder* order, sd_bus_error* error) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        const CallVerdict* misplaced;

        if (!order->calls)
                return 0;
        if (syscall_verdicts_from_string(order->calls, &verdicts) < 0)
                return order_refuse(error, "SystemCalls: not verdicts on system calls, or on more than %u",
                                    ORDER_SYSTEM_CALLS_MAX);
        misplaced = find_misplaced(&verdicts);
        return misplaced ? order_refuse(error, "SystemCalls: %s is not in its place in the alphabet", misplaced->name) : 0;
}

int order_read_architectures(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        char*** names = &order->syscalls.architectures;
        const char* name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r <= 0)
                return order_refuse_value(error, key, r);
        while ((r = sd_bus_message_read_basic(m, 's', &name)) > 0) {
                if (strv_length(*names) >= ORDER_ARCHITECTURES_MAX)
                        return order_refuse(error, "%s: more than %u", key, ORDER_ARCHITECTURES_MAX);
                if (seccomp_arch_resolve_name(name) == 0)
                        return order_refuse(error, "%s: not an architecture", key);
                strv_extend(names, name);
        }
        if (r < 0)
                return order_refuse_value(error, key, r);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? order_refuse_value(error, key, r) : 0;
}

int order_read_address_families(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int r = sd_bus_message_read_basic(m, 't', &order->syscalls.families);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        order->syscalls.restricts_families = true;
        return 0;
}
