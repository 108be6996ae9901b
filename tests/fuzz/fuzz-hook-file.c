/* SPDX-License-Identifier: BSD-3-Clause */

/* Hook files: whatever is in one, the hook is one that a chain can work with, and its own file says the same again. */

#include <string.h>

#include "config/hook-file.h"
#include "config/hook-key.h"
#include "config/ini.h"
#include "core/role.h"
#include "util/escape.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static Hook* parse(const char* text, size_t size, Diagnostics* d) {
        return hook_parse("fuzz", HOOK_SOURCE_RUNTIME, "fuzz", text, size, d);
}

static void check_hook_values(const Hook* hook) {
        assert(hook->streams > 0 && hook->streams < 1U << _STREAM_MAX);
        assert(hook->roles < 1U << _ROLE_MAX);
        assert(hook->action >= 0 && hook->action < _HOOK_ACTION_MAX);
        assert(hook->priority >= -1 && hook->priority <= 7);
        assert(hook->timeout_usec >= HOOK_TIMEOUT_USEC_MIN && hook->timeout_usec <= HOOK_TIMEOUT_USEC_MAX);

        assert(!hook->nodes || *hook->nodes);
        assert(strv_length(hook->nodes) <= HOOK_GLOBS_MAX);
        assert(!hook->exec || (hook->exec[0][0] == '/' && hook->action == HOOK_GO_ON));
        assert(strv_length(hook->exec) <= HOOK_EXEC_WORDS_MAX);
        assert(hook->n_fields <= HOOK_FIELDS_MAX && hook->n_patterns <= HOOK_PATTERNS_MAX);
        for (size_t i = 0; i < hook->n_fields; i++) {
                assert(hook_field_name_is_allowed(hook->fields[i].name));
                assert(utf8_is_valid(hook->fields[i].value) && strlen(hook->fields[i].value) <= HOOK_FIELD_BYTES_MAX);
        }
        for (size_t i = 0; i < hook->n_patterns; i++) {
                size_t length = strlen(hook->patterns[i].text);

                assert(length > 0 && length <= HOOK_PATTERN_BYTES_MAX && hook->patterns[i].line > 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_diagnostics_ Diagnostics d = {}, of_second = {};
        _cleanup_hook_ Hook *hook = parse((const char*) data, size, &d), *second = NULL;
        _cleanup_free_ char* text = NULL;

        if (!hook) {
                assert(d.n > 0);
                return 0;
        }
        check_hook_values(hook);
        (void) hook_concerns(hook, "worker-1", ROLE_WORKER, STREAM_STDOUT);

        text = hook_to_text(hook);
        if (strlen(text) > INI_FILE_MAX)
                return 0;
        second = parse(text, strlen(text), &of_second);
        assert(second && hook_equal(hook, second));
        assert(of_second.n == 0 || !hook_has_effect(hook) || !hook->exec);
        return 0;
}
