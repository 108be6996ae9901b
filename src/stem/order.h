/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A launch order: what one node's process is to be, as a message of org.zeek.Stem.Launch says it.
 *
 * The reader is strict. An unknown key, a key given twice, a value of another type or one that makes no sense is an
 * error that names the key; what it returns needs no further check by anyone, but for the words about system calls: to read
 * those takes longer than all the rest, and most orders have the same. It is pure: it looks at the message
 * and at nothing else (and copies the descriptor that is in it). */

#include <systemd/sd-bus.h>

#include "child/launch-order.h"
#include "util/alloc.h"
#include "util/usec.h"

LaunchOrder* launch_order_new(void);
LaunchOrder* launch_order_free(LaunchOrder* order);
/* The child makes something that its parent has to have. */
bool launch_order_makes_fds(const LaunchOrder* order) _pure_;
DEFINE_CLEANUP(LaunchOrder*, launch_order_free)
#define _cleanup_launch_order_ _cleanup_(launch_order_freep)

/* Reads the a{sv} that the message is positioned at. In system mode a user is required, in user mode it is refused.
 * Keeps a reference to the message. Negative with *error set (InvalidArgs) for anything that is not an order. */
int launch_order_read(sd_bus_message* m, bool user_mode, LaunchOrder** ret, sd_bus_error* error);

/* Whether the words about system calls make sense; for those of which there is a filter it need not be asked
 * (syscall_filters_have()). Negative with *error set as above. */
int launch_order_check_system_calls(const SyscallOrder* order, sd_bus_error* error);

/* Reads an a{sv} that has none but the keys about system calls; the message must outlive *ret. Negative with *error set as
 * above. */
int launch_order_read_system_calls(sd_bus_message* m, SyscallOrder* ret, sd_bus_error* error);

/* Reads the "asasuut" of a Probe, which is a small order, and its timeout. Negative with *error set as above. */
int launch_order_read_probe(sd_bus_message* m, bool user_mode, LaunchOrder** ret, usec_t* ret_timeout,
                            sd_bus_error* error);

/* Appends the order's scope properties to an open a(sv). Moves the read position of the order's message. */
int launch_order_append_scope_properties(const LaunchOrder* order, sd_bus_message* target);
