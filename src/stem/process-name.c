/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node-name.h"
#include "stem/process-name.h"
#include "util/alloc.h"
#include "util/escape.h"

#define HELPER_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

char* process_name_check(const char* name) {
        static const char* const prefixes[] = { PROCESS_NAME_HOOK_PREFIX, PROCESS_NAME_HELPER_PREFIX };
        size_t length = strlen(name), prefix = 0;

        for (size_t i = 0; prefix == 0 && i < ELEMENTSOF(prefixes); i++)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        prefix = strlen(prefixes[i]);
        if (prefix == 0)
                return node_name_check(name);

        size_t rest = strspn(name + prefix, HELPER_NAME_CHARS);
        if (rest == 0 || rest > PROCESS_NAME_HELPER_MAX || prefix + rest != length) {
                _cleanup_free_ char* quoted = escape_bytes(name, length, prefix + PROCESS_NAME_HELPER_MAX);

                return xasprintf("not the name of a %s: '%s'", prefix == strlen(PROCESS_NAME_HOOK_PREFIX) ? "hook" : "helper",
                                 quoted);
        }
        return NULL;
}
