/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the supervisor counts, as its method Metrics tells it. */

#include <systemd/sd-bus.h>

#include "metrics/exposition.h"

/* Asks for it. A supervisor that does not run is not started: who stopped it knew why. */
int scrape_start(sd_bus* bus, sd_bus_slot** ret_slot, sd_bus_message_handler_t done, void* userdata);

/* Writes the answer, or, if it is an error, that there is no supervisor. */
void scrape_write(sd_bus_message* reply, Exposition* e);
