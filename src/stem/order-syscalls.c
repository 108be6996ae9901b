/* SPDX-License-Identifier: BSD-3-Clause */
#include <seccomp.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/order-keys.h"
#include "util/strv.h"

static bool is_call_name(const char* s) {
        return *s && strlen(s) <= ORDER_SYSTEM_CALL_NAME_MAX &&
               !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static int add_call(SyscallOrder* calls, size_t* allocated, const char* key, const char* name, int32_t verdict,
                    sd_bus_error* error) {
        if (calls->n_calls >= ORDER_SYSTEM_CALLS_MAX)
                return order_refuse(error, "%s: more than %u", key, ORDER_SYSTEM_CALLS_MAX);
        if (!is_call_name(name))
                return order_refuse(error, "%s: not the name of a system call", key);
        if (!verdict_is_valid(verdict))
                return order_refuse(error, "%s: %s: %i is no verdict", key, name, verdict);
        if (calls->n_calls > 0 && strcmp(calls->calls[calls->n_calls - 1].name, name) >= 0)
                return order_refuse(error, "%s: %s is not in its place in the alphabet", key, name);

        GROW(calls->calls, calls->n_calls, *allocated);
        calls->calls[calls->n_calls++] = (OrderedCall) { .name = xstrdup(name), .verdict = verdict };
        return 0;
}

int order_read_system_calls(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        size_t allocated = 0;
        const char* name;
        int32_t verdict;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{si}");
        if (r <= 0)
                return order_refuse_value(error, key, r);
        while ((r = sd_bus_message_read(m, "{si}", &name, &verdict)) > 0) {
                r = add_call(&order->syscalls, &allocated, key, name, verdict, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return order_refuse_value(error, key, r);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? order_refuse_value(error, key, r) : 0;
}

int order_read_other_system_calls(sd_bus_message* m, const char* key, LaunchOrder* order, sd_bus_error* error) {
        int32_t verdict;
        int r = sd_bus_message_read_basic(m, 'i', &verdict);

        if (r <= 0)
                return order_refuse_value(error, key, r);
        if (!verdict_is_valid(verdict))
                return order_refuse(error, "%s: %i is no verdict", key, verdict);
        order->syscalls.is_given = true;
        order->syscalls.other_calls = verdict;
        return 0;
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
