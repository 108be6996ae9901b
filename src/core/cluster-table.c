/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>

#include "core/cluster-table.h"
#include "core/node-name.h"
#include "util/escape.h"

static char* check_role(const char* value) {
        if (role_from_zeek_string(value) >= 0)
                return NULL;
        return xstrdup("must be NONE, LOGGER, MANAGER, PROXY or WORKER");
}

static char* check_host(const char* value) {
        struct in6_addr address;

        if (inet_pton(AF_INET, value, &address) == 1 || inet_pton(AF_INET6, value, &address) == 1)
                return NULL;
        return xstrdup("must be an IPv4 or IPv6 address");
}

static char* check_text(const char* value) {
        return string_has_no_control(value) ? NULL : xstrdup("must not hold control characters");
}

static const Field endpoint_fields[] = {
        { "role", FIELD_STRING, offsetof(ClusterEndpoint, role_name), .max = 64, .check = check_role },
        { "host", FIELD_STRING, offsetof(ClusterEndpoint, host), .max = 64, .check = check_host },
        { "p", FIELD_PORT, offsetof(ClusterEndpoint, port), .max = UINT16_MAX },
        { "interface", FIELD_STRING, offsetof(ClusterEndpoint, interface), .max = 256, .check = check_text },
        { "pcap_file", FIELD_STRING, offsetof(ClusterEndpoint, pcap_file), .max = 4095, .check = check_text },
        { "metrics_port", FIELD_PORT, offsetof(ClusterEndpoint, metrics_port), .max = UINT16_MAX },
};

const RecordType cluster_endpoint_type = { endpoint_fields, ELEMENTSOF(endpoint_fields) };

ClusterTable* cluster_table_new(void) {
        ClusterTable* t = xnew0(ClusterTable);

        t->n_ref = 1;
        return t;
}

ClusterTable* cluster_table_ref(ClusterTable* t) {
        assert(t->n_ref > 0);
        t->n_ref++;
        return t;
}

ClusterTable* cluster_table_unref(ClusterTable* t) {
        if (!t)
                return NULL;

        assert(t->n_ref > 0);
        if (--t->n_ref > 0)
                return NULL;

        for (size_t i = 0; i < t->n; i++) {
                record_done(&cluster_endpoint_type, &t->endpoints[i].record);
                free(t->endpoints[i].name);
        }
        free(t->endpoints);
        free(t);
        return NULL;
}

int cluster_table_add(ClusterTable* t, const char* name, ClusterEndpoint** ret, ConfigError* e) {
        _cleanup_free_ char* why = node_name_check(name);

        if (why)
                return config_error_set(e, "cluster", "%s", why);
        if (t->n >= CLUSTER_ENDPOINTS_MAX)
                return config_error_set(e, "cluster", "has more than %u entries", CLUSTER_ENDPOINTS_MAX);

        GROW(t->endpoints, t->n, t->allocated);
        ClusterEndpoint* endpoint = &t->endpoints[t->n++];
        *endpoint = (ClusterEndpoint) { .name = xstrdup(name), .role = _ROLE_INVALID };
        *ret = endpoint;
        return 0;
}

int cluster_endpoint_finish(ClusterEndpoint* endpoint, ConfigError* e) {
        if (!endpoint->role_name)
                return config_error_set(e, "role", "is missing");
        if (!endpoint->host)
                return config_error_set(e, "host", "is missing");

        endpoint->role = role_from_zeek_string(endpoint->role_name);
        return 0;
}

static int endpoint_compare(const void* a, const void* b) {
        return strcmp(((const ClusterEndpoint*) a)->name, ((const ClusterEndpoint*) b)->name);
}

static size_t endpoint_bytes(const ClusterEndpoint* endpoint) {
        size_t size = strlen(endpoint->name);

        for (size_t i = 0; i < ELEMENTSOF(endpoint_fields); i++)
                if (endpoint_fields[i].kind == FIELD_STRING &&
                    record_has(&cluster_endpoint_type, &endpoint->record, &endpoint_fields[i]))
                        size += strlen(*(char* const*) record_at(&endpoint->record, &endpoint_fields[i]));
        return size;
}

int cluster_table_finish(ClusterTable* t, ConfigError* e) {
        size_t size = 0;

        for (size_t i = 0; i < t->n; i++)
                size += endpoint_bytes(&t->endpoints[i]);
        if (size > CLUSTER_BYTES_MAX)
                return config_error_set(e, "cluster", "has more than %u bytes in all", CLUSTER_BYTES_MAX);

        if (t->n > 0)
                qsort(t->endpoints, t->n, sizeof(ClusterEndpoint), endpoint_compare);

        for (size_t i = 1; i < t->n; i++)
                if (endpoint_compare(&t->endpoints[i - 1], &t->endpoints[i]) == 0)
                        return config_error_set(e, "cluster", "has two entries with the name '%s'",
                                                t->endpoints[i].name);
        return 0;
}

const ClusterEndpoint* cluster_table_find(const ClusterTable* t, const char* name) {
        const ClusterEndpoint key = { .name = (char*) name };

        if (!t || t->n == 0)
                return NULL;
        return bsearch(&key, t->endpoints, t->n, sizeof(ClusterEndpoint), endpoint_compare);
}

bool cluster_table_has_role(const ClusterTable* t, Role role) {
        for (size_t i = 0; i < t->n; i++)
                if (t->endpoints[i].role == role)
                        return true;
        return false;
}

bool cluster_table_equal(const ClusterTable* a, const ClusterTable* b) {
        if (a == b)
                return true;
        if (!a || !b || a->n != b->n)
                return false;

        for (size_t i = 0; i < a->n; i++)
                if (endpoint_compare(&a->endpoints[i], &b->endpoints[i]) != 0 ||
                    !record_equal(&cluster_endpoint_type, &a->endpoints[i].record, &b->endpoints[i].record))
                        return false;
        return true;
}
