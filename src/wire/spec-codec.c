/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/strv.h"
#include "wire/dictionary.h"
#include "wire/spec-codec.h"

static const char* const field_signatures[_FIELD_KIND_MAX] = {
        [FIELD_STRING] = "s", [FIELD_BOOL] = "b", [FIELD_SIGNED] = "i",   [FIELD_UNSIGNED] = "t",
        [FIELD_PORT] = "q",   [FIELD_STRV] = "as", [FIELD_ENV] = "a{ss}", [FIELD_CLUSTER] = "a{sa{sv}}",
};

/* ---- reading ---- */

static bool signature_fits(FieldKind kind, const char* signature) {
        if (kind == FIELD_SIGNED || kind == FIELD_UNSIGNED || kind == FIELD_PORT)
                return signature_is_integer(signature);
        return strcmp(signature, field_signatures[kind]) == 0;
}

static int read_strings(sd_bus_message* m, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        const char* s;
        int r;

        if (record_has(type, record, field))
                return config_error_set(e, field->name, "is given twice");
        record_touch(type, record, field);

        if (sd_bus_message_enter_container(m, 'a', "s") < 0)
                return dictionary_unreadable(e, field->name);
        while ((r = sd_bus_message_read_basic(m, 's', &s)) > 0)
                if (record_add_string(type, record, field, s, e) < 0)
                        return -EINVAL;
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, field->name);
        return 0;
}

static int read_env(sd_bus_message* m, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        const char *name, *value;
        int r;

        if (record_has(type, record, field))
                return config_error_set(e, field->name, "is given twice");
        record_touch(type, record, field);

        if (sd_bus_message_enter_container(m, 'a', "{ss}") < 0)
                return dictionary_unreadable(e, field->name);
        while ((r = sd_bus_message_read(m, "{ss}", &name, &value)) > 0)
                if (record_add_env(type, record, field, name, value, e) < 0)
                        return -EINVAL;
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, field->name);
        return 0;
}

static int read_record(sd_bus_message* m, const RecordType* type, Record* record, ConfigError* e);

static int read_endpoint(sd_bus_message* m, ClusterTable* table, ConfigError* e) {
        ClusterEndpoint* endpoint;
        const char* name;

        if (sd_bus_message_read_basic(m, 's', &name) < 0)
                return dictionary_unreadable(e, "cluster");
        if (cluster_table_add(table, name, &endpoint, e) < 0)
                return -EINVAL;
        if (read_record(m, &cluster_endpoint_type, &endpoint->record, e) < 0 || cluster_endpoint_finish(endpoint, e) < 0) {
                config_error_nest(e, "cluster", name);
                return -EINVAL;
        }
        return 0;
}

static int read_cluster(sd_bus_message* m, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        int r;

        if (record_has(type, record, field))
                return config_error_set(e, field->name, "is given twice");
        record_touch(type, record, field);

        if (sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
                return dictionary_unreadable(e, field->name);
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                if (read_endpoint(m, table, e) < 0)
                        return -EINVAL;
                if (sd_bus_message_exit_container(m) < 0)
                        return dictionary_unreadable(e, field->name);
        }
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, field->name);
        if (cluster_table_finish(table, e) < 0)
                return -EINVAL;

        *(ClusterTable**) record_at(record, field) = take_ptr(table);
        return 0;
}

static int read_field(sd_bus_message* m, const RecordType* type, Record* record, const Field* field,
                      const char* signature, ConfigError* e) {
        wide_int number;
        const char* s;
        int boolean;

        switch (field->kind) {
        case FIELD_STRING:
                if (sd_bus_message_read_basic(m, 's', &s) < 0)
                        return dictionary_unreadable(e, field->name);
                return record_set_string(type, record, field, s, e);
        case FIELD_BOOL:
                if (sd_bus_message_read_basic(m, 'b', &boolean) < 0)
                        return dictionary_unreadable(e, field->name);
                return record_set_bool(type, record, field, boolean, e);
        case FIELD_SIGNED:
        case FIELD_UNSIGNED:
        case FIELD_PORT:
                if (message_read_integer(m, signature, &number) < 0)
                        return dictionary_unreadable(e, field->name);
                return record_set_number(type, record, field, number, e);
        case FIELD_STRV:
                return read_strings(m, type, record, field, e);
        case FIELD_ENV:
                return read_env(m, type, record, field, e);
        case FIELD_CLUSTER:
                return read_cluster(m, type, record, field, e);
        case _FIELD_KIND_MAX:
                break;
        }
        assert(!"field kind");
        return -EINVAL;
}

/* Where an entry goes. */
typedef struct Target {
        const RecordType* type;
        Record* record;
} Target;

static int read_entry(sd_bus_message* m, const char* key, const char* signature, void* userdata, ConfigError* e) {
        const Target* target = userdata;
        const Field* field = record_find_field(target->type, key);

        if (!field)
                return config_error_set(e, key, "is not a key that is known here");
        if (!signature_fits(field->kind, signature)) {
                _cleanup_free_ char* wanted = xasprintf("'%s'", field_signatures[field->kind]);

                return dictionary_wrong_type(e, key, wanted, signature);
        }
        return read_field(m, target->type, target->record, field, signature, e);
}

static int read_record(sd_bus_message* m, const RecordType* type, Record* record, ConfigError* e) {
        return dictionary_read(m, read_entry, &(Target) { type, record }, e);
}

int spec_read(sd_bus_message* m, NodeSpec** ret, ConfigError* e) {
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();

        if (read_record(m, &node_spec_type, &spec->record, e) < 0 || node_spec_finish(spec, e) < 0)
                return -EINVAL;

        *ret = take_ptr(spec);
        return 0;
}

/* ---- writing ---- */

static int append_record(sd_bus_message* m, const RecordType* type, const Record* record, bool brief);

static int append_env(sd_bus_message* m, char* const* env) {
        int r = sd_bus_message_open_container(m, 'a', "{ss}");

        STRV_FOREACH(assignment, env) {
                const char* equals = strchr(*assignment, '=');
                _cleanup_free_ char* name = xstrndup(*assignment, (size_t) (equals - *assignment));

                if (r >= 0)
                        r = sd_bus_message_append(m, "{ss}", name, equals + 1);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_cluster(sd_bus_message* m, const ClusterTable* table) {
        int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");

        for (size_t i = 0; r >= 0 && i < table->n; i++) {
                const ClusterEndpoint* endpoint = &table->endpoints[i];

                r = sd_bus_message_open_container(m, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(m, 's', endpoint->name);
                if (r >= 0)
                        r = append_record(m, &cluster_endpoint_type, &endpoint->record, false);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message* m, const Field* field, const void* at) {
        const char* signature = field_signatures[field->kind];

        switch (field->kind) {
        case FIELD_STRING:
                return sd_bus_message_append(m, signature, *(char* const*) at);
        case FIELD_BOOL:
                return sd_bus_message_append(m, signature, (int) *(const bool*) at);
        case FIELD_SIGNED:
                return sd_bus_message_append(m, signature, (int32_t) *(const int64_t*) at);
        case FIELD_UNSIGNED:
                return sd_bus_message_append(m, signature, *(const uint64_t*) at);
        case FIELD_PORT:
                return sd_bus_message_append(m, signature, (unsigned) *(const uint64_t*) at);
        case FIELD_STRV:
                return sd_bus_message_append_strv(m, *(char***) at);
        case FIELD_ENV:
                return append_env(m, *(char** const*) at);
        case FIELD_CLUSTER:
                return append_cluster(m, *(ClusterTable* const*) at);
        case _FIELD_KIND_MAX:
                break;
        }
        assert(!"field kind");
        return -EINVAL;
}

static int append_entry(sd_bus_message* m, const Field* field, const void* at) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', field->name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', field_signatures[field->kind]);
        if (r >= 0)
                r = append_value(m, field, at);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_record(sd_bus_message* m, const RecordType* type, const Record* record, bool brief) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        for (size_t i = 0; r >= 0 && i < type->n_fields; i++)
                if (record_has(type, record, &type->fields[i]) && !(brief && type->fields[i].kind == FIELD_CLUSTER))
                        r = append_entry(m, &type->fields[i], record_at(record, &type->fields[i]));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int spec_append(sd_bus_message* m, const NodeSpec* spec) {
        return append_record(m, &node_spec_type, &spec->record, false);
}

int spec_append_brief(sd_bus_message* m, const NodeSpec* spec) {
        return append_record(m, &node_spec_type, &spec->record, true);
}
