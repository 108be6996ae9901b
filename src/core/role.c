/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/role.h"
#include "util/alloc.h"
#include "util/parse.h"

#define ZEEK_PREFIX "Supervisor::"
#define SLICE_SUFFIX ".slice"

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

/* Of the name of its own slice, without what makes it a slice. */
static size_t slice_stem_length(Role role) {
        return strlen(role_slice(role)) - strlen(SLICE_SUFFIX);
}

char* role_slice_name(Role role, unsigned number) {
        assert(number < ROLE_SLICES_MAX);
        if (number == 0)
                return xstrdup(role_slice(role));
        return xasprintf("%.*s-%u" SLICE_SUFFIX, (int) slice_stem_length(role), role_slice(role), number);
}

int role_slice_number(Role role, const char* name) {
        size_t stem = slice_stem_length(role);
        _cleanup_free_ char *digits = NULL, *back = NULL;
        uint64_t number;

        if (strcmp(name, role_slice(role)) == 0)
                return 0;
        if (strncmp(name, role_slice(role), stem) != 0 || name[stem] != '-')
                return -EINVAL;

        digits = xstrndup(name + stem + 1, strcspn(name + stem + 1, "."));
        if (parse_u64(digits, &number) < 0 || number == 0 || number >= ROLE_SLICES_MAX)
                return -EINVAL;
        /* one slice, one number: "01" is none of ours */
        back = role_slice_name(role, (unsigned) number);
        return strcmp(back, name) == 0 ? (int) number : -EINVAL;
}
