/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/role.h"

#define ZEEK_PREFIX "Supervisor::"

static const char* const role_table[_ROLE_MAX] = {
        [ROLE_LOGGER] = "logger",
        [ROLE_MANAGER] = "manager",
        [ROLE_PROXY] = "proxy",
        [ROLE_WORKER] = "worker",
        [ROLE_STANDALONE] = "standalone",
};

static const char* const zeek_role_table[_ROLE_MAX] = {
        [ROLE_LOGGER] = "LOGGER",
        [ROLE_MANAGER] = "MANAGER",
        [ROLE_PROXY] = "PROXY",
        [ROLE_WORKER] = "WORKER",
        [ROLE_STANDALONE] = "NONE",
};

static const char* const slice_table[_ROLE_MAX] = {
        [ROLE_LOGGER] = "zeek-loggers.slice",
        [ROLE_MANAGER] = "zeek-managers.slice",
        [ROLE_PROXY] = "zeek-proxies.slice",
        [ROLE_WORKER] = "zeek-workers.slice",
        [ROLE_STANDALONE] = "zeek-standalone.slice",
};

DEFINE_ENUM_TABLE(role, Role)

DEFINE_STATIC_ENUM_TABLE(zeek_role, Role)

const char* role_to_zeek_string(Role role) {
        return zeek_role_to_string(role);
}

Role role_from_zeek_string(const char* s) {
        if (strncmp(s, ZEEK_PREFIX, strlen(ZEEK_PREFIX)) == 0)
                s += strlen(ZEEK_PREFIX);
        return zeek_role_from_string(s);
}

const char* role_slice(Role role) {
        assert(role >= 0 && role < _ROLE_MAX);
        return slice_table[role];
}
