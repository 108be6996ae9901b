/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Entries of the a{sv} that org.zeek.Stem.Launch takes, for values that sd_bus_message_append() cannot write. */

#include <systemd/sd-bus.h>

int order_open_entry(sd_bus_message* m, const char* key, const char* signature);
int order_close_entry(sd_bus_message* m);

/* A whole entry of the type as. */
int order_append_strv(sd_bus_message* m, const char* key, char** v);
