/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Hooks on the wire: a{sv} with the keys of design section 6.2. */

#include <systemd/sd-bus.h>

#include "core/record.h"
#include "output/hook.h"

/* Reads the dictionary of AddHook at the message's position, into a hook that its own file can hold: hook_parse() makes
 * an equal one from what hook_to_text() writes. Without a name it gets one that no other has. -EINVAL with *e for anything
 * that is not a good hook, a message that cannot be read included. Patterns are not compiled, and whether there is
 * another hook of this name is not looked at. */
int hook_read(sd_bus_message* m, Hook** ret, ConfigError* e);

/* Appends what AddHook takes: from this hook_read() makes an equal hook. */
int hook_append_request(sd_bus_message* m, const Hook* hook);

/* Appends an entry of ListHooks: what is set, in the types of the contract, so that AddHook takes it again but for the
 * source and the counters. */
int hook_append(sd_bus_message* m, const Hook* hook, const HookCounters* counters);
