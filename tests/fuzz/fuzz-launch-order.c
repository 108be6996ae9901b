/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: a byte for the mode, then a dictionary (message-maker.h), which is read as an order, and as what Adopt says of system
 * calls. An order that is accepted must be one that can be carried out. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/message-maker.h"
#include "stem/limits.h"
#include "stem/order.h"
#include "stem/process-name.h"
#include "stem/syscall-verdicts.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/* 'a' is the first. */
static const char* const keys[] = {
        "Name",
        "Scope",
        "Arguments",
        "ScopeProperties",
        "Environment",
        "WorkingDirectory",
        "StandardOutputFile",
        "StandardErrorFile",
        "TruncateOutputFiles",
        "UID",
        "GID",
        "Groups",
        "AmbientCapabilities",
        "CPUAffinity",
        "Nice",
        "OOMScoreAdjust",
        "UMask",
        "ResourceLimits",
        "Unknown",
        "StandardInput",
        "SystemCalls",
        "SystemCallArchitectures",
        "AddressFamilies",
        "StatusFile",
};

static const char* const signatures[] = { "s", "as", "a(sv)", "b", "u", "au", "t", "ay", "i", "a{st}", "v", "h" };

static const Vocabulary words = { keys, ELEMENTSOF(keys), signatures, ELEMENTSOF(signatures) };

/* What can be answered for is what the next stem can be told. */
static void check_system_calls(const SyscallOrder* order) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_syscall_verdicts_ SyscallVerdicts all = {}, asked = {};
        _cleanup_free_ char* text = NULL;

        check(order->calls || (!order->architectures && !order->restricts_families));
        if (launch_order_check_system_calls(order, &error) < 0) {
                check(sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS));
                return;
        }
        if (!order->calls)
                return;
        check(syscall_verdicts_from_string(order->calls, &all) == 0);
        text = syscall_verdicts_asked(&all, order->restricts_families);
        check(syscall_verdicts_from_string(text, &asked) == 0);
        for (size_t i = 0; i < all.n_calls; i++) {
                const CallVerdict* call = &all.calls[i];

                check(verdict_is_valid(call->verdict) && syscall_verdicts_on(&all, call->name) == call->verdict);
                check(!verdict_is_asked(call->verdict) || syscall_verdicts_on(&asked, call->name) == call->verdict);
                check(i == 0 || strcmp(call[-1].name, call->name) < 0);
        }
}

static void check_order(const LaunchOrder* order, bool user_mode) {
        _cleanup_free_ char* why = process_name_check(order->name);

        check(!why);
        check(order->input_fd < 0 || fcntl(order->input_fd, F_GETFD) == FD_CLOEXEC);
        check(strlen(order->scope) <= ORDER_SCOPE_NAME_MAX && !strchr(order->scope, '/'));
        check(order->arguments && order->arguments[0] && order->arguments[0][0] == '/');
        STRV_FOREACH(s, order->environment)
                check(strchr(*s, '=') > *s);
        check(order->working_directory[0] == '/' && strlen(order->working_directory) < PATH_MAX);
        check(!strstr(order->working_directory, "/../"));
        check(!order->output_file || (*order->output_file && strlen(order->output_file) < PATH_MAX));
        check(!order->status_file || (*order->status_file && !strchr(order->status_file, '/')));
        check(order->has_user == !user_mode);
        check(!order->has_user || (order->uid != (uid_t) -1 && order->gid != (gid_t) -1));
        check(order->n_groups <= ORDER_GROUPS_MAX && (order->has_user || order->n_groups == 0));
        check(!order->has_nice || (order->nice >= -20 && order->nice <= 19));
        check(!order->has_umask || order->umask <= 0777);
        check(order->n_limits <= RLIM_NLIMITS);
        check_system_calls(&order->syscalls);
        check(!order->cpu_mask || order->cpu_mask_size % sizeof(unsigned long) == 0);
}

/* The properties that were read can be handed on. */
static void check_properties(sd_bus* bus, const LaunchOrder* order) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;

        check(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        check(sd_bus_message_open_container(m, 'a', "(sv)") >= 0);
        check(launch_order_append_scope_properties(order, m) >= 0);
        check(sd_bus_message_close_container(m) >= 0);
        check(sd_bus_message_seal(m, 1, 0) >= 0);
}

static void read_adoption(sd_bus_message* m) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(syscall_order_done) SyscallOrder order = {};

        check(sd_bus_message_rewind(m, true) >= 0);
        if (launch_order_read_system_calls(m, &order, &error) >= 0)
                check_system_calls(&order);
        else
                check(!order.calls && sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS));
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        Input in = { .data = data, .size = size };
        _cleanup_(sd_bus_close_unrefp) sd_bus* bus = make_bus();
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        bool user_mode = take_byte(&in) & 1;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = make_message(bus, &words, &in);

        if (launch_order_read(m, user_mode, &order, &error) < 0) {
                check(!order && sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS));
                read_adoption(m);
                return 0;
        }
        check_order(order, user_mode);
        check_properties(bus, order);
        read_adoption(m);
        return 0;
}
