/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* NodeConfig on the wire: a{sv} with Zeek's keys and ours (design: "NodeConfig"). */

#include <systemd/sd-bus.h>

#include "core/node-spec.h"

/* Reads the dictionary at the message's position. Integers may have any D-Bus integer type that holds the value.
 * -EINVAL with *e for anything that is not a good configuration, a message that cannot be read included. */
int spec_read(sd_bus_message* m, NodeSpec** ret, ConfigError* e);

/* Appends the fields that are present, in the types of the contract. */
int spec_append(sd_bus_message* m, const NodeSpec* spec);
/* The same without the cluster's table. */
int spec_append_brief(sd_bus_message* m, const NodeSpec* spec);
