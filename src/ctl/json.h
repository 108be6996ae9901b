/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What comes over the bus as JSON: what --json prints, and what tables are made from. */

#include <jansson.h>
#include <systemd/sd-bus.h>

#include "util/macro.h"

/* Reads the complete value at the message's position, whatever its type: dictionaries become objects, structures become
 * arrays, variants what is in them. A number that is beyond what JSON's readers can take becomes a string, and the largest
 * of all, which means "no limit", "infinity", as in config/node-json.h. *ret is the caller's. 0 or -errno. */
int json_read_message(sd_bus_message* m, json_t** ret);

/* Gives the cluster table of a NodeConfig Zeek's form of ports, {"port":…,"proto":"tcp"}. */
void json_make_ports(json_t* config);
