/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Dictionaries a{sv} of callers, read strictly: who wrote a key wrong, or gave it a value of another type, is told
 * so, instead of being taken for someone who wanted the default. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "core/record.h"

/* Reads the value of an entry, which has this signature and at which the message stands. 0, or -EINVAL with *e. */
typedef int (*dictionary_entry_t)(sd_bus_message* m, const char* key, const char* signature, void* userdata, ConfigError* e);

/* Reads the dictionary at the message's position. -EINVAL with *e, also for a message that cannot be read. */
int dictionary_read(sd_bus_message* m, dictionary_entry_t entry, void* userdata, ConfigError* e);

/* What to say of a value that the message does not give: always -EINVAL. */
int dictionary_unreadable(ConfigError* e, const char* key);
int dictionary_wrong_type(ConfigError* e, const char* key, const char* wanted, const char* signature);

/* All the integer types of D-Bus, widened. 0 or -errno. */
bool signature_is_integer(const char* signature);
int message_read_integer(sd_bus_message* m, const char* signature, wide_int* ret);
