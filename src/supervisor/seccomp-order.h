/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What of a launch order comes from a profile of system calls. */

#include <systemd/sd-bus.h>

#include "config/seccomp-profile.h"

/* Appends to the open a{sv} of org.zeek.Stem.Launch what the node may ask of the kernel. */
int seccomp_order_append(sd_bus_message* m, const SeccompProfile* profile);

/* Goes on with the hash of an order. */
uint64_t seccomp_order_hash(uint64_t hash, const SeccompProfile* profile);
