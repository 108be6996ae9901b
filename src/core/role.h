/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node is in a Zeek cluster. The order of the values is the order in which a cluster starts. */

#include "util/enum-table.h"

typedef enum Role {
        ROLE_LOGGER,
        ROLE_MANAGER,
        ROLE_PROXY,
        ROLE_WORKER,
        ROLE_STANDALONE, /* no cluster table, or Zeek's NONE */
        _ROLE_MAX,
        _ROLE_INVALID = -EINVAL,
} Role;

/* "logger" … "standalone": how the D-Bus interface and the journal spell it. */
DECLARE_ENUM_TABLE(role, Role);

/* "LOGGER" … "NONE": how Zeek's Supervisor::ClusterRole spells it. from accepts the prefix "Supervisor::". */
const char* role_to_zeek_string(Role role) _const_;
Role role_from_zeek_string(const char* s) _pure_;

/* The slice that holds the scopes of this role's nodes, "zeek-workers.slice" and so on. */
const char* role_slice(Role role) _const_;

/* Of a role: with one node in each, as many as there may be nodes. */
#define ROLE_SLICES_MAX 4096U

/* The slices among which its nodes are spread: 0 is the one above, 1 is "zeek-workers-1.slice", which systemd puts into
 * that one for its name (systemd.slice(5)), and so on. Allocated. */
char* role_slice_name(Role role, unsigned number);
/* The number that makes this name for the role; -EINVAL if none does. */
int role_slice_number(Role role, const char* name);
