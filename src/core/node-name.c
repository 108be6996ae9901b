/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node-name.h"
#include "util/alloc.h"
#include "util/escape.h"

#define UNIT_NAME_MAX 255U /* systemd's */
#define SCOPE_PREFIX "zeek-node-"
#define SCOPE_SUFFIX ".scope"
#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

char* node_name_check(const char* name) {
        size_t length = strlen(name);
        _cleanup_free_ char *quoted = escape_bytes(name, length, NODE_NAME_MAX), *scope = NULL;

        if (length == 0)
                return xstrdup("node names must not be an empty string");
        if (strchr(name, ' '))
                return xasprintf("node names must not contain spaces: '%s'", quoted);
        if (length > NODE_NAME_MAX)
                return xasprintf("node names must not be longer than %u characters", NODE_NAME_MAX);
        if (!strchr(LETTERS_AND_DIGITS, name[0]))
                return xasprintf("node names must start with a letter or a digit: '%s'", quoted);
        if (name[strspn(name, LETTERS_AND_DIGITS "_.-")])
                return xasprintf("node names may hold only letters, digits, '_', '.' and '-': '%s'", quoted);

        scope = node_scope_name(name);
        if (strlen(scope) > UNIT_NAME_MAX)
                return xasprintf("node name makes a unit name of more than %u characters: '%s'", UNIT_NAME_MAX, quoted);
        return NULL;
}

char* node_scope_name(const char* name) {
        _cleanup_free_ char* escaped = unit_name_escape(name);

        return xasprintf(SCOPE_PREFIX "%s" SCOPE_SUFFIX, escaped);
}

char* node_name_of_scope(const char* scope) {
        size_t length = strlen(scope), prefix = strlen(SCOPE_PREFIX), suffix = strlen(SCOPE_SUFFIX);
        _cleanup_free_ char *escaped = NULL, *name = NULL, *why = NULL, *back = NULL;

        if (length <= prefix + suffix || strncmp(scope, SCOPE_PREFIX, prefix) != 0 ||
            strcmp(scope + length - suffix, SCOPE_SUFFIX) != 0)
                return NULL;

        escaped = xstrndup(scope + prefix, length - prefix - suffix);
        name = unit_name_unescape(escaped);
        why = name ? node_name_check(name) : xstrdup("");
        if (why)
                return NULL;

        /* one scope, one name: not every escaping is one of ours */
        back = node_scope_name(name);
        return strcmp(back, scope) == 0 ? take_ptr(name) : NULL;
}
