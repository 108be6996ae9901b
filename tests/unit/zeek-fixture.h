/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Specs and versions for the tests of src/zeek. */

#include "config/node-json.h"
#include "unit/unit.h"
#include "zeek/version.h"

/* One of each series that differs, and what is not known to be Zeek. */
static const char* const series[] = { "4.0.9", "6.2.1", "7.0.11", "7.1.1", "8.0.0", "8.1.0", "9.0.0", "unknown" };

static inline ZeekVersion fixture_version(const char* text) {
        _cleanup_free_ char* output = xasprintf("zeek version %s\n", text);

        return zeek_version_parse(output);
}

static inline NodeSpec* fixture_spec(const char* json) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = NULL;

        if (node_spec_from_json(json, strlen(json), &spec, &e) < 0)
                fail_msg("%s: %s", e.key, e.why);
        return spec;
}

#define CLUSTER_OF_ONE "\"cluster\":{\"w\":{\"role\":\"WORKER\",\"host\":\"127.0.0.1\"}}"
