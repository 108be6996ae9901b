/* SPDX-License-Identifier: BSD-3-Clause */

/* JSON of a node: whatever is read is good, and is the same after it was written and read again. */

#include "config/node-json.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static NodeSpec* read_again(const char* text) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = NULL;
        int r = node_spec_from_json(text, strlen(text), &spec, &e);

        assert(r == 0);
        return spec;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_node_spec_ NodeSpec *spec = NULL, *again = NULL, *from_zeek = NULL;
        _cleanup_free_ char *given = NULL, *for_zeek = NULL;
        _cleanup_config_error_ ConfigError e = {};
        int r;

        if (node_spec_from_json((const char*) data, size, &spec, &e) < 0) {
                assert(!spec && e.key && e.why);
                return 0;
        }

        assert(spec->name && spec->role >= 0 && spec->role < _ROLE_MAX);
        r = node_spec_to_json(spec, NODE_JSON_AS_GIVEN, &given);
        assert(r == 0);
        again = read_again(given);
        assert(node_spec_equal(spec, again));

        r = node_spec_to_json(spec, NODE_JSON_FOR_ZEEK, &for_zeek);
        assert(r == 0);
        from_zeek = read_again(for_zeek);
        assert(from_zeek->role == spec->role);
        return 0;
}
