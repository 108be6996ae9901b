/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/order-keys.h"
#include "stem/order.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/strv.h"

#define KEY_QUOTE_MAX 64U /* bytes of an unknown key in an error */
#define NO_ID UINT32_MAX /* a uid or gid of a probe that changes nothing */
#define SCOPE_PROPERTIES "ScopeProperties"

LaunchOrder* launch_order_new(void) {
        LaunchOrder* order = xnew0(LaunchOrder);

        order->input_fd = -EBADF;
        order->truncate_files = true;
        return order;
}

LaunchOrder* launch_order_free(LaunchOrder* order) {
        if (!order)
                return NULL;

        sd_bus_message_unref(order->message);
        free(order->name);
        free(order->scope);
        free(order->slice_group);
        strv_free(order->arguments);
        strv_free(order->environment);
        free(order->working_directory);
        fd_close(order->input_fd);
        free(order->output_file);
        free(order->error_file);
        free(order->status_file);
        free(order->groups);
        free(order->cpu_mask);
        syscall_order_done(&order->syscalls);
        free(order);
        return NULL;
}

bool launch_order_makes_fds(const LaunchOrder* order) {
        return order->status_file || order->syscalls.calls;
}

/* Positions the message at the next key of the open a{sv}. Positive: there is one. */
static int next_key(sd_bus_message* m, const char** ret, sd_bus_error* error) {
        int r = sd_bus_message_enter_container(m, 'e', "sv");

        if (r > 0)
                r = sd_bus_message_read_basic(m, 's', ret);
        return r < 0 ? order_refuse_value(error, "order", r) : r;
}

static int read_value(sd_bus_message* m, const OrderKey* key, LaunchOrder* order, sd_bus_error* error) {
        const char* signature;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &signature);
        if (r <= 0)
                return order_refuse_value(error, key->name, r);
        if (strcmp(signature, key->signature) != 0)
                return order_refuse(error, "%s: has the type %s instead of %s", key->name, signature, key->signature);

        r = sd_bus_message_enter_container(m, 'v', key->signature);
        if (r <= 0)
                return order_refuse_value(error, key->name, r);
        r = key->read(m, key->name, order, error);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? order_refuse_value(error, key->name, r) : 0;
}

static int refuse_key(sd_bus_error* error, const char* name) {
        _cleanup_free_ char* quoted = escape_bytes(name, strlen(name), KEY_QUOTE_MAX);

        return order_refuse(error, "%s: there is no such key", quoted);
}

static int check_system_calls(const SyscallOrder* syscalls, sd_bus_error* error) {
        if (!syscalls->calls && (syscalls->architectures || syscalls->restricts_families))
                return order_refuse(error, "SystemCalls: is missing");
        return 0;
}

/* What no key can say alone. */
static int check_order(LaunchOrder* order, uint64_t seen, bool user_mode, sd_bus_error* error) {
        static const char* const required[] = { "Name", "Scope", "Arguments" };
        bool uid = seen & (UINT64_C(1) << order_key_index(order_key_find("UID")));
        bool gid = seen & (UINT64_C(1) << order_key_index(order_key_find("GID")));
        bool groups = seen & (UINT64_C(1) << order_key_index(order_key_find("Groups")));

        for (size_t i = 0; i < ELEMENTSOF(required); i++)
                if (!(seen & (UINT64_C(1) << order_key_index(order_key_find(required[i])))))
                        return order_refuse(error, "%s: is missing", required[i]);

        if (user_mode && (uid || gid || groups))
                return order_refuse(error, "UID: users cannot be changed in user mode");
        if (!user_mode && (!uid || !gid))
                return order_refuse(error, "%s: is missing", uid ? "GID" : "UID");
        order->has_user = uid;

        if (!order->working_directory)
                order->working_directory = xstrdup("/");
        return check_system_calls(&order->syscalls, error);
}

static int read_keys(sd_bus_message* m, bool of_system_calls, LaunchOrder* order, uint64_t* ret_seen, sd_bus_error* error) {
        const char* name;
        uint64_t seen = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r <= 0)
                return order_refuse_value(error, "order", r);

        while ((r = next_key(m, &name, error)) > 0) {
                const OrderKey* key = order_key_find(name);

                if (!key || (of_system_calls && !key->of_system_calls))
                        return refuse_key(error, name);

                uint64_t bit = UINT64_C(1) << order_key_index(key);
                if (seen & bit)
                        return order_refuse(error, "%s: is given twice", name);
                seen |= bit;

                r = read_value(m, key, order, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return order_refuse_value(error, "order", r);
        *ret_seen = seen;
        return 0;
}

int launch_order_read(sd_bus_message* m, bool user_mode, LaunchOrder** ret, sd_bus_error* error) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        uint64_t seen;
        int r;

        order->message = sd_bus_message_ref(m);
        r = read_keys(m, false, order, &seen, error);
        if (r >= 0)
                r = check_order(order, seen, user_mode, error);
        if (r < 0)
                return r;
        *ret = take_ptr(order);
        return 0;
}

int launch_order_read_system_calls(sd_bus_message* m, SyscallOrder* ret, sd_bus_error* error) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        uint64_t seen;
        int r;

        r = read_keys(m, true, order, &seen, error);
        if (r >= 0)
                r = check_system_calls(&order->syscalls, error);
        if (r < 0)
                return r;
        *ret = order->syscalls;
        order->syscalls = (SyscallOrder) {};
        return 0;
}

/* Why a probe makes no sense, or NULL. */
static const char* check_probe(const LaunchOrder* order, usec_t timeout, bool user_mode) {
        if (strv_length(order->arguments) == 0 || order->arguments[0][0] != '/' ||
            strlen(order->arguments[0]) >= PATH_MAX)
                return "The first argument must be the absolute path of a program";
        if (timeout == 0 || timeout > PROBE_TIMEOUT_MAX_USEC)
                return "The timeout is not between 1us and 1min";
        if (user_mode && (order->uid != NO_ID || order->gid != NO_ID))
                return "Users cannot be changed in user mode";
        if (!user_mode && (order->uid == NO_ID || order->gid == NO_ID))
                return "Not a user";
        return NULL;
}

int launch_order_read_probe(sd_bus_message* m, bool user_mode, LaunchOrder** ret, usec_t* ret_timeout,
                            sd_bus_error* error) {
        _cleanup_launch_order_ LaunchOrder* order = launch_order_new();
        const char* why;
        uint64_t timeout;
        int r;

        r = sd_bus_message_read_strv(m, &order->arguments);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &order->environment);
        if (r >= 0)
                r = sd_bus_message_read(m, "uut", &order->uid, &order->gid, &timeout);
        if (r < 0)
                return r;
        why = check_probe(order, timeout, user_mode);
        if (why) {
                (void) sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, why);
                return -EINVAL;
        }

        order->has_user = !user_mode;
        order->working_directory = xstrdup("/");
        *ret = take_ptr(order);
        *ret_timeout = timeout;
        return 0;
}

/* Positions the order's message in the list of its scope properties, which was read once and is known to be there. */
static int seek_scope_properties(sd_bus_message* m) {
        const char* name;
        int r;

        r = sd_bus_message_rewind(m, true);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0) {
                r = next_key(m, &name, NULL);
                if (r == 0)
                        return -ENXIO;
                if (r > 0 && strcmp(name, SCOPE_PROPERTIES) == 0)
                        break;
                if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'v', "a(sv)");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(sv)");
        return r;
}

int launch_order_append_scope_properties(const LaunchOrder* order, sd_bus_message* target) {
        int r;

        if (!order->has_scope_properties)
                return 0;

        r = seek_scope_properties(order->message);
        if (r < 0)
                return r;
        r = sd_bus_message_copy(target, order->message, true);
        return r < 0 ? r : 0;
}
