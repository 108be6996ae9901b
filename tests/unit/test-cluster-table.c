/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/cluster-table.h"
#include "unit/specs.h"

static const Field* field_of(const char* name) {
        const Field* field = record_find_field(&cluster_endpoint_type, name);

        assert_non_null(field);
        return field;
}

static int set_text(ClusterEndpoint* endpoint, const char* name, const char* value, ConfigError* e) {
        return record_set_string(&cluster_endpoint_type, &endpoint->record, field_of(name), value, e);
}

static int set_number(ClusterEndpoint* endpoint, const char* name, wide_int value, ConfigError* e) {
        return record_set_number(&cluster_endpoint_type, &endpoint->record, field_of(name), value, e);
}

/* A whole endpoint of this name. */
static ClusterEndpoint* add(ClusterTable* table, const char* name, const char* role, const char* host) {
        _cleanup_config_error_ ConfigError e = {};
        ClusterEndpoint* endpoint = NULL;

        assert_int_equal(cluster_table_add(table, name, &endpoint, &e), 0);
        assert_int_equal(set_text(endpoint, "role", role, &e), 0);
        assert_int_equal(set_text(endpoint, "host", host, &e), 0);
        assert_int_equal(cluster_endpoint_finish(endpoint, &e), 0);
        return endpoint;
}

static void finish(ClusterTable* table) {
        _cleanup_config_error_ ConfigError e = {};

        assert_int_equal(cluster_table_finish(table, &e), 0);
}

static void good_values_are_taken(void** state) {
        static const struct {
                const char* name;
                const char* value;
        } cases[] = {
                { "role", "NONE" },          { "role", "LOGGER" },       { "role", "MANAGER" },
                { "role", "PROXY" },         { "role", "WORKER" },       { "role", "Supervisor::WORKER" },
                { "host", "127.0.0.1" },     { "host", "::1" },          { "host", "0.0.0.0" },
                { "host", "fe80::1:2:3:4" }, { "host", "::ffff:1.2.3.4" }, { "interface", "eth0" },
                { "interface", "" },         { "pcap_file", "a.pcap" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                _cleanup_config_error_ ConfigError e = {};
                ClusterEndpoint* endpoint = NULL;

                assert_int_equal(cluster_table_add(table, "ant", &endpoint, &e), 0);
                assert_int_equal(set_text(endpoint, cases[i].name, cases[i].value, &e), 0);
                assert_true(record_has(&cluster_endpoint_type, &endpoint->record, field_of(cases[i].name)));
        }
}

static void bad_values_are_refused_by_name_and_reason(void** state) {
        static const char role[] = "must be NONE, LOGGER, MANAGER, PROXY or WORKER";
        static const char host[] = "must be an IPv4 or IPv6 address";
        static const char control[] = "must not hold control characters";
        static const struct {
                const char* name;
                const char* value;
                const char* why;
        } cases[] = {
                { "role", "", role },
                { "role", "worker", role },
                { "role", "Supervisor::", role },
                { "role", "TIME_MACHINE", role },
                { "host", "", host },
                { "host", "localhost", host },
                { "host", "127.0.0.256", host },
                { "host", "127.0.0.1 ", host },
                { "host", "127.1", host },
                { "host", "[::1]", host },
                { "host", "fe80::1%eth0", host },
                { "host", "::1\n", host },
                { "interface", "a\nb", control },
                { "pcap_file", "a\x7f", control },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                _cleanup_config_error_ ConfigError e = {};
                ClusterEndpoint* endpoint = NULL;

                assert_int_equal(cluster_table_add(table, "ant", &endpoint, &e), 0);
                assert_int_equal(set_text(endpoint, cases[i].name, cases[i].value, &e), -EINVAL);
                assert_string_equal(e.key, cases[i].name);
                assert_string_equal(e.why, cases[i].why);
                assert_false(record_has(&cluster_endpoint_type, &endpoint->record, field_of(cases[i].name)));
        }
}

static void texts_have_their_limits_to_the_byte(void** state) {
        static const struct {
                const char* name;
                size_t max;
        } cases[] = { { "interface", 256 }, { "pcap_file", 4095 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                _cleanup_config_error_ ConfigError e = {};
                _cleanup_free_ char* text = xcalloc(cases[i].max + 2, 1);
                ClusterEndpoint* endpoint = NULL;

                memset(text, 'a', cases[i].max + 1);
                assert_int_equal(cluster_table_add(table, "ant", &endpoint, &e), 0);
                assert_int_equal(set_text(endpoint, cases[i].name, text, &e), -EINVAL);
                assert_string_equal(e.key, cases[i].name);
                text[cases[i].max] = 0;
                assert_int_equal(set_text(endpoint, cases[i].name, text, &e), 0);
        }
}

static void ports_are_what_fits_16_bits(void** state) {
        static const char* const ports[] = { "p", "metrics_port" };
        static const wide_int good[] = { 0, 1, 47760, 65535 }, bad[] = { -1, 65536, INT64_MIN, (wide_int) UINT64_MAX + 1 };

        for (size_t i = 0; i < ELEMENTSOF(ports); i++) {
                for (size_t k = 0; k < ELEMENTSOF(good); k++) {
                        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                        _cleanup_config_error_ ConfigError e = {};
                        ClusterEndpoint* endpoint = NULL;

                        assert_int_equal(cluster_table_add(table, "ant", &endpoint, &e), 0);
                        assert_int_equal(set_number(endpoint, ports[i], good[k], &e), 0);
                        assert_int_equal(*(uint64_t*) record_at(&endpoint->record, field_of(ports[i])), good[k]);
                }
                for (size_t k = 0; k < ELEMENTSOF(bad); k++) {
                        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                        _cleanup_config_error_ ConfigError e = {};
                        ClusterEndpoint* endpoint = NULL;

                        assert_int_equal(cluster_table_add(table, "ant", &endpoint, &e), 0);
                        assert_int_equal(set_number(endpoint, ports[i], bad[k], &e), -EINVAL);
                        assert_string_equal(e.key, ports[i]);
                        assert_string_equal(e.why, "must be between 0 and 65535");
                }
        }
}

static void fields_are_set_once(void** state) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        ClusterEndpoint* endpoint = add(table, "ant", "WORKER", "::1");
        _cleanup_config_error_ ConfigError first = {}, second = {}, none = {};

        assert_int_equal(set_text(endpoint, "host", "::1", &first), -EINVAL);
        assert_string_equal(first.key, "host");
        assert_string_equal(first.why, "is given twice");
        assert_int_equal(set_number(endpoint, "p", 1, &none), 0);
        assert_int_equal(set_number(endpoint, "p", 1, &second), -EINVAL);
        assert_string_equal(second.key, "p");
}

static void role_and_host_must_be_there(void** state) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError no_role = {}, no_host = {};
        ClusterEndpoint* endpoint = NULL;

        assert_int_equal(cluster_table_add(table, "ant", &endpoint, &no_role), 0);
        assert_int_equal(set_text(endpoint, "host", "::1", &no_role), 0);
        assert_int_equal(cluster_endpoint_finish(endpoint, &no_role), -EINVAL);
        assert_string_equal(no_role.key, "role");
        assert_string_equal(no_role.why, "is missing");

        assert_int_equal(cluster_table_add(table, "bee", &endpoint, &no_host), 0);
        assert_int_equal(set_text(endpoint, "role", "WORKER", &no_host), 0);
        assert_int_equal(cluster_endpoint_finish(endpoint, &no_host), -EINVAL);
        assert_string_equal(no_host.key, "host");
        assert_string_equal(no_host.why, "is missing");
}

static void names_in_the_table_are_names_of_nodes(void** state) {
        static const char* const names[] = { "", "a b", "a/b", "-a", "a\nb" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
                _cleanup_config_error_ ConfigError e = {};
                ClusterEndpoint* endpoint = NULL;

                assert_int_equal(cluster_table_add(table, names[i], &endpoint, &e), -EINVAL);
                assert_null(endpoint);
                assert_int_equal(table->n, 0);
                assert_string_equal(e.key, "cluster");
                assert_true(strncmp(e.why, "node names m", 12) == 0);
        }
}

static void a_name_is_in_the_table_once(void** state) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};

        add(table, "cat", "WORKER", "::1");
        add(table, "ant", "WORKER", "::1");
        add(table, "cat", "PROXY", "::2");
        assert_int_equal(cluster_table_finish(table, &e), -EINVAL);
        assert_string_equal(e.key, "cluster");
        assert_string_equal(e.why, "has two entries with the name 'cat'");
}

static void a_finished_table_is_sorted_and_searched(void** state) {
        static const char* const names[] = { "worker-10", "ant", "worker-1", "Zoo", "manager", "b" };
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                add(table, names[i], "WORKER", "::1");
        finish(table);

        for (size_t i = 1; i < table->n; i++)
                assert_true(strcmp(table->endpoints[i - 1].name, table->endpoints[i].name) < 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_string_equal(cluster_table_find(table, names[i])->name, names[i]);
        assert_null(cluster_table_find(table, "worker-11"));
        assert_null(cluster_table_find(table, ""));
        assert_null(cluster_table_find(NULL, "ant"));
}

static void an_empty_table_is_a_table(void** state) {
        _cleanup_cluster_table_ ClusterTable *table = cluster_table_new(), *other = cluster_table_new();

        finish(table);
        assert_null(cluster_table_find(table, "ant"));
        assert_true(cluster_table_equal(table, other));
        assert_false(cluster_table_equal(table, NULL));
}

static void a_table_has_a_limit_of_entries(void** state) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};
        ClusterEndpoint* endpoint = NULL;

        for (unsigned i = 0; i < 4096; i++) {
                _cleanup_free_ char* name = xasprintf("worker-%u", i);

                assert_int_equal(cluster_table_add(table, name, &endpoint, &e), 0);
        }
        endpoint = NULL;
        assert_int_equal(cluster_table_add(table, "one-more", &endpoint, &e), -EINVAL);
        assert_null(endpoint);
        assert_string_equal(e.key, "cluster");
        assert_string_equal(e.why, "has more than 4096 entries");
}

static void a_table_has_a_limit_of_bytes_in_all(void** state) {
        const Field* field = record_find_field(&cluster_endpoint_type, "pcap_file");
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};
        ClusterEndpoint* endpoint = NULL;
        char path[4095 + 1] = "";

        memset(path, 'x', sizeof path - 1);
        for (unsigned i = 0; i < 128; i++) {
                _cleanup_free_ char* name = xasprintf("%u", i % 10);

                assert_int_equal(cluster_table_add(table, name, &endpoint, &e), 0);
                assert_int_equal(record_set_string(&cluster_endpoint_type, &endpoint->record, field, path, &e), 0);
        }
        assert_int_equal(cluster_table_add(table, "x", &endpoint, &e), 0);
        assert_int_equal(cluster_table_finish(table, &e), -EINVAL);
        assert_string_equal(e.key, "cluster");
        assert_string_equal(e.why, "has more than 524288 bytes in all");
}

static void roles_are_known_once_an_endpoint_is_finished(void** state) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();

        assert_int_equal(add(table, "a", "LOGGER", "::1")->role, ROLE_LOGGER);
        assert_int_equal(add(table, "b", "Supervisor::PROXY", "::1")->role, ROLE_PROXY);
        assert_int_equal(add(table, "c", "NONE", "::1")->role, ROLE_STANDALONE);
}

static void tables_are_equal_when_their_entries_are(void** state) {
        _cleanup_cluster_table_ ClusterTable *a = cluster_table_new(), *b = cluster_table_new(), *shorter = cluster_table_new();
        _cleanup_cluster_table_ ClusterTable *renamed = cluster_table_new(), *moved = cluster_table_new();
        _cleanup_cluster_table_ ClusterTable *with_port = cluster_table_new(), *other_port = cluster_table_new();
        _cleanup_config_error_ ConfigError e = {};
        ClusterTable* const all[] = { a, b, shorter, renamed, moved, with_port, other_port };

        add(a, "ant", "WORKER", "::1");
        add(a, "bee", "PROXY", "::1");
        /* another order of the same */
        add(b, "bee", "PROXY", "::1");
        add(b, "ant", "WORKER", "::1");
        add(shorter, "ant", "WORKER", "::1");
        add(renamed, "ant", "WORKER", "::1");
        add(renamed, "cat", "PROXY", "::1");
        add(moved, "ant", "WORKER", "::2");
        add(moved, "bee", "PROXY", "::1");
        add(with_port, "ant", "WORKER", "::1");
        assert_int_equal(set_number(add(with_port, "bee", "PROXY", "::1"), "p", 1, &e), 0);
        add(other_port, "ant", "WORKER", "::1");
        assert_int_equal(set_number(add(other_port, "bee", "PROXY", "::1"), "p", 2, &e), 0);

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                finish(all[i]);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                for (size_t k = 0; k < ELEMENTSOF(all); k++)
                        assert_int_equal(cluster_table_equal(all[i], all[k]), i == k || i + k == 1);
        assert_true(cluster_table_equal(NULL, NULL));
        assert_false(cluster_table_equal(a, NULL));
        assert_false(cluster_table_equal(NULL, a));
}

static void a_table_lives_as_long_as_someone_refers_to_it(void** state) {
        ClusterTable* table = table_with("ant", ROLE_WORKER);

        assert_ptr_equal(cluster_table_ref(table), table);
        assert_null(cluster_table_unref(table));
        assert_string_equal(table->endpoints[0].name, "ant");
        assert_null(cluster_table_unref(table));
        assert_null(cluster_table_unref(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_values_are_taken),
                cmocka_unit_test(bad_values_are_refused_by_name_and_reason),
                cmocka_unit_test(texts_have_their_limits_to_the_byte),
                cmocka_unit_test(ports_are_what_fits_16_bits),
                cmocka_unit_test(fields_are_set_once),
                cmocka_unit_test(role_and_host_must_be_there),
                cmocka_unit_test(names_in_the_table_are_names_of_nodes),
                cmocka_unit_test(a_name_is_in_the_table_once),
                cmocka_unit_test(a_finished_table_is_sorted_and_searched),
                cmocka_unit_test(an_empty_table_is_a_table),
                cmocka_unit_test(a_table_has_a_limit_of_entries),
                cmocka_unit_test(a_table_has_a_limit_of_bytes_in_all),
                cmocka_unit_test(roles_are_known_once_an_endpoint_is_finished),
                cmocka_unit_test(tables_are_equal_when_their_entries_are),
                cmocka_unit_test(a_table_lives_as_long_as_someone_refers_to_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
