/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The limits of nodes' scopes: what systemd is told when a scope is made, and how scopes that exist get others.
 *
 * A change of configuration may concern a thousand nodes, and the service manager has other things to do meanwhile: it is
 * asked about a few scopes at a time, and only about those whose limits are others now. When it cannot be reached it is
 * asked later. */

#include <systemd/sd-bus.h>

#include "config/settings.h"
#include "core/node-spec.h"

typedef struct Instance Instance;
typedef struct ScopeLimits ScopeLimits;
typedef struct Supervisor Supervisor;

/* Appends the limits of a node as the properties of a scope to be made, (sv) after (sv): a node's own, or those of its
 * role. What neither of them sets is as systemd has it. */
int scope_limits_append(sd_bus_message* m, const NodeSpec* spec, const NodeSettings* role);
/* Equal for limits that are so. */
uint64_t scope_limits_hash(const NodeSpec* spec, const NodeSettings* role);

ScopeLimits* scope_limits_new(Supervisor* s);
ScopeLimits* scope_limits_free(ScopeLimits* l);

/* The node runs: its scope gets the limits that are due now, also by losing some. */
void scope_limits_update(ScopeLimits* l, Instance* instance);
/* It does not any more. */
void scope_limits_forget(ScopeLimits* l, Instance* instance);
