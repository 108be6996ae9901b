/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Specs as short as a test wants them. */

#include "core/node-spec.h"
#include "unit/unit.h"

static inline ClusterTable* table_with(const char* name, Role role) {
        _cleanup_config_error_ ConfigError e = {};
        ClusterTable* table = cluster_table_new();
        const RecordType* type = &cluster_endpoint_type;
        ClusterEndpoint* endpoint = NULL;

        assert_int_equal(cluster_table_add(table, name, &endpoint, &e), 0);
        assert_int_equal(record_set_string(type, &endpoint->record, record_find_field(type, "role"),
                                           role_to_zeek_string(role), &e),
                         0);
        assert_int_equal(record_set_string(type, &endpoint->record, record_find_field(type, "host"), "127.0.0.1", &e), 0);
        assert_int_equal(cluster_endpoint_finish(endpoint, &e), 0);
        assert_int_equal(cluster_table_finish(table, &e), 0);
        return table;
}

/* A node of this name and role; one that stands alone has no cluster table. */
static inline NodeSpec* spec_with(const char* name, Role role) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec = node_spec_new();

        assert_int_equal(record_set_string(&node_spec_type, &spec->record, record_find_field(&node_spec_type, "name"), name,
                                           &e),
                         0);
        if (role != ROLE_STANDALONE) {
                record_touch(&node_spec_type, &spec->record, record_find_field(&node_spec_type, "cluster"));
                spec->cluster = table_with(name, role);
        }
        assert_int_equal(node_spec_finish(spec, &e), 0);
        return spec;
}
