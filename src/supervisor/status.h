/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* NodeStatus on the wire: a{sv} (design: "NodeStatus"). */

#include <systemd/sd-bus.h>

#include "core/node.h"

/* Appends "s" name and "a{sv}" status as one dictionary entry. The node must exist. brief: without its
 * cluster's table, which it says then. */
int status_append_entry(sd_bus_message* m, const Node* node, bool brief);
