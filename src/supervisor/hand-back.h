/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a stem is told of a node that it lost with its store of descriptors: what we have of it, and what is to be answered
 * when the kernel asks about its system calls. */

#include <systemd/sd-bus.h>

#include "supervisor/instance.h"

/* Appends the arguments of org.zeek.Stem.Adopt. What cannot be given back, because nobody has it any more, is an event of
 * the node, once for each process. */
int hand_back_append(Instance* instance, sd_bus_message* call);
