/* SPDX-License-Identifier: BSD-3-Clause */

/* supervisor.conf, and with it the syntax of configuration files and of lists: whatever is in it, the result is one
 * that a daemon can work with. */

#include <string.h>

#include "config/settings.h"
#include "util/escape.h"
#include "util/parse.h"
#include "util/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void check_zeek(const ZeekSettings* zeek) {
        assert(!zeek->binary || zeek->binary[0] == '/');
        assert(zeek->backend >= 0 && zeek->backend < _ZEEK_BACKEND_MAX);
        assert(strv_length(zeek->scripts) <= LIST_ENTRIES_MAX && strv_length(zeek->arguments) <= LIST_ENTRIES_MAX);
        STRV_FOREACH(script, zeek->scripts)
                assert(**script && **script != '-');
        STRV_FOREACH(assignment, zeek->environment)
                assert(strchr(*assignment, '=') > *assignment && utf8_is_valid(*assignment));
}

static void check_node(const NodeSettings* node) {
        assert(node->user && node->seccomp);
        assert(node->restart >= 0 && node->restart < _RESTART_POLICY_MAX);
        assert(node->restart_delay_usec >= RESTART_DELAY_USEC_MIN && node->restart_delay_usec < USEC_INFINITY);
        assert(node->memory_max > 0 && node->tasks_max > 0 && node->cpu_quota_per_sec_usec > 0);
        assert(!node->allowed_cpus || parse_cpu_set(node->allowed_cpus, 8191, NULL, NULL) == 0);
        assert(!node->nice.set || (node->nice.value >= -20 && node->nice.value <= 19));
        assert(node->umask <= 0777);
        assert(node->line_max >= LINE_MAX_MIN && node->line_max <= LINE_MAX_MAX);
        assert(node->log_rate_limit_burst > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_settings_ Settings* settings = settings_parse("fuzz", (const char*) data, size, &d);

        assert(settings->supervisor.max_nodes >= 1 && settings->supervisor.max_nodes <= MAX_NODES_MAX);
        check_zeek(&settings->zeek);
        for (Role role = 0; role < _ROLE_MAX; role++)
                check_node(&settings->roles[role]);
        for (size_t i = 0; i < d.n; i++)
                assert(string_has_no_control(d.items[i].text) || strchr(d.items[i].text, '\t'));
        return 0;
}
