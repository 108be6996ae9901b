/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: a byte for the mode, then entries of a dictionary: a letter for the key, one for the type of its value, and what
 * the value is made of. (The bytes of a D-Bus message are sd-bus' to check; what we get from it has a type, and any
 * value.) An order that is accepted must be one that can be carried out. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stem/limits.h"
#include "stem/order.h"
#include "stem/process-name.h"
#include "stem/syscall-verdicts.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

#define ENTRIES_MAX 40U
#define ELEMENTS_MAX 64U

typedef struct Input {
        const uint8_t* data;
        size_t size;
} Input;

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
        "OtherSystemCalls",
        "SystemCallArchitectures",
        "AddressFamilies",
        "StatusFile",
};

static const char* const signatures[] = { "s", "as", "a(sv)", "b", "u", "au", "t", "ay", "i", "a{st}", "v", "h", "a{si}" };

static sd_bus* make_bus(void) {
        sd_bus* bus = NULL;
        int fds[2];

        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) >= 0);
        check(sd_bus_new(&bus) >= 0);
        check(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        check(sd_bus_start(bus) >= 0);
        fd_close(fds[1]);
        return bus;
}

static uint8_t take_byte(Input* in) {
        if (in->size == 0)
                return 0;
        in->size--;
        return *in->data++;
}

static uint64_t take_number(Input* in, size_t n_bytes) {
        uint64_t value = 0;

        for (size_t i = 0; i < n_bytes; i++)
                value |= (uint64_t) take_byte(in) << (8 * i);
        return value;
}

/* Up to the next newline. sd-bus lets no string pass that is not UTF-8. */
static char* take_string(Input* in) {
        char* s = xcalloc(in->size + 1, 1);
        size_t n = 0;

        while (in->size > 0) {
                char c = (char) (take_byte(in) & 0x7f);

                if (c == '\n')
                        break;
                s[n++] = c ? c : '.';
        }
        return s;
}

static void append_string(sd_bus_message* m, Input* in) {
        _cleanup_free_ char* s = take_string(in);

        check(sd_bus_message_append_basic(m, 's', s) >= 0);
}

static void append_value(sd_bus_message* m, const char* signature, Input* in);

static void append_array(sd_bus_message* m, const char* contents, Input* in) {
        size_t n = take_byte(in) % ELEMENTS_MAX;

        check(sd_bus_message_open_container(m, 'a', contents) >= 0);
        for (size_t i = 0; i < n && in->size > 0; i++)
                append_value(m, contents, in);
        check(sd_bus_message_close_container(m) >= 0);
}

static void append_value(sd_bus_message* m, const char* signature, Input* in) {
        switch (signature[0]) {
        case 's':
                append_string(m, in);
                break;
        case 'y':
                check(sd_bus_message_append(m, "y", take_byte(in)) >= 0);
                break;
        case 'b':
                check(sd_bus_message_append(m, "b", take_byte(in) & 1) >= 0);
                break;
        case 'u':
        case 'i':
                check(sd_bus_message_append(m, signature, (uint32_t) take_number(in, 4)) >= 0);
                break;
        case 't':
                check(sd_bus_message_append(m, "t", take_number(in, 8)) >= 0);
                break;
        case 'v':
                check(sd_bus_message_append(m, "v", "s", "x") >= 0);
                break;
        case 'h':
                check(sd_bus_message_append(m, "h", STDERR_FILENO) >= 0);
                break;
        case 'a':
                append_array(m, signature + 1, in);
                break;
        case '(':
                check(sd_bus_message_open_container(m, 'r', "sv") >= 0);
                append_string(m, in);
                append_value(m, "v", in);
                check(sd_bus_message_close_container(m) >= 0);
                break;
        case '{':
                check(sd_bus_message_open_container(m, 'e', signature[2] == 't' ? "st" : "si") >= 0);
                append_string(m, in);
                append_value(m, signature[2] == 't' ? "t" : "i", in);
                check(sd_bus_message_close_container(m) >= 0);
                break;
        default:
                abort();
        }
}

static void append_entry(sd_bus_message* m, Input* in) {
        const char* key = keys[(take_byte(in) - 'a') % ELEMENTSOF(keys)];
        const char* signature = signatures[(take_byte(in) - 'a') % ELEMENTSOF(signatures)];

        check(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        check(sd_bus_message_append_basic(m, 's', key) >= 0);
        check(sd_bus_message_open_container(m, 'v', signature) >= 0);
        append_value(m, signature, in);
        check(sd_bus_message_close_container(m) >= 0);
        check(sd_bus_message_close_container(m) >= 0);
}

/* What can be answered for is what the next stem can be told. */
static void check_system_calls(const SyscallOrder* order) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        _cleanup_free_ char* text = syscall_verdicts_of_order(order);

        check(order->is_given || (order->n_calls == 0 && !order->architectures && !order->restricts_families));
        check(syscall_verdicts_from_string(text, &verdicts) == 0);
        for (size_t i = 0; i < order->n_calls; i++) {
                const OrderedCall* call = &order->calls[i];

                check(verdict_is_valid(call->verdict) && syscall_order_verdict(order, call->name) == call->verdict);
                check(!verdict_is_asked(call->verdict) || syscall_verdicts_on(&verdicts, call->name) == call->verdict);
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

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        Input in = { .data = data, .size = size };
        _cleanup_(sd_bus_close_unrefp) sd_bus* bus = make_bus();
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_launch_order_ LaunchOrder* order = NULL;
        bool user_mode = take_byte(&in) & 1;

        check(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        check(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (unsigned i = 0; i < ENTRIES_MAX && in.size > 0; i++)
                append_entry(m, &in);
        check(sd_bus_message_close_container(m) >= 0);
        check(sd_bus_message_seal(m, 1, 0) >= 0);
        check(sd_bus_message_rewind(m, true) >= 0);

        if (launch_order_read(m, user_mode, &order, &error) < 0) {
                check(!order && sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS));
                return 0;
        }
        check_order(order, user_mode);
        check_properties(bus, order);
        return 0;
}
