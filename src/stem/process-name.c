/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node-name.h"
#include "stem/process-name.h"
#include "util/alloc.h"
#include "util/escape.h"

#define HOOK_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

char* process_name_check(const char* name) {
        size_t length = strlen(name), prefix = strlen(PROCESS_NAME_HOOK_PREFIX);

        if (strncmp(name, PROCESS_NAME_HOOK_PREFIX, prefix) != 0)
                return node_name_check(name);

        size_t rest = strspn(name + prefix, HOOK_NAME_CHARS);
        if (rest == 0 || rest > PROCESS_NAME_HOOK_MAX || prefix + rest != length) {
                _cleanup_free_ char* quoted = escape_bytes(name, length, prefix + PROCESS_NAME_HOOK_MAX);

                return xasprintf("not the name of a hook: '%s'", quoted);
        }
        return NULL;
}
