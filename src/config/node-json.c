/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>
#include <string.h>

#include "config/node-json.h"
#include "util/escape.h"
#include "util/parse.h"
#include "util/strv.h"

#define PROTO_TCP "tcp"
/* How Zeek spells port 0 since 7.0: the node does not listen. */
#define PROTO_NONE "unknown"

#define INFINITY_WORD "infinity"

/* ---- reading ---- */

static int read_record(json_t* object, const RecordType* type, Record* record, ConfigError* e);

/* Recursion in the JSON library must not depend on what it is fed. */
static int check_depth(const char* text, size_t size, ConfigError* e) {
        unsigned depth = 0;
        bool quoted = false;

        for (size_t i = 0; i < size; i++) {
                if (quoted) {
                        if (text[i] == '\\')
                                i++;
                        else if (text[i] == '"')
                                quoted = false;
                } else if (text[i] == '"')
                        quoted = true;
                else if (text[i] == '{' || text[i] == '[') {
                        if (++depth > NODE_JSON_DEPTH_MAX)
                                return config_error_set(e, "JSON", "is nested deeper than %u levels",
                                                        NODE_JSON_DEPTH_MAX);
                } else if ((text[i] == '}' || text[i] == ']') && depth > 0)
                        depth--;
        }
        return 0;
}

static int read_number(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        uint64_t number;

        if (json_is_integer(value))
                return record_set_number(type, record, field, json_integer_value(value), e);
        if (field->kind == FIELD_UNSIGNED && json_is_string(value)) {
                if (strcmp(json_string_value(value), INFINITY_WORD) == 0)
                        return record_set_number(type, record, field, UINT64_MAX, e);
                if (parse_u64(json_string_value(value), &number) >= 0)
                        return record_set_number(type, record, field, number, e);
        }
        return config_error_set(e, field->name, "must be an integer");
}

static bool proto_is_good(const char* proto) {
        return strcmp(proto, PROTO_TCP) == 0 || strcmp(proto, PROTO_NONE) == 0;
}

static int read_port(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        json_t* number = json_object_get(value, "port");
        const char* proto = json_string_value(json_object_get(value, "proto"));
        uint64_t port;

        if (json_is_integer(value))
                return record_set_number(type, record, field, json_integer_value(value), e);
        if (json_is_string(value)) {
                const char *text = json_string_value(value), *slash = strchr(text, '/');
                _cleanup_free_ char* digits = xstrndup(text, slash ? (size_t) (slash - text) : 0);

                if (slash && proto_is_good(slash + 1) && parse_u64(digits, &port) >= 0)
                        return record_set_number(type, record, field, port, e);
        }
        if (json_object_size(value) == 2 && json_is_integer(number) && proto && proto_is_good(proto))
                return record_set_number(type, record, field, json_integer_value(number), e);
        return config_error_set(e, field->name,
                                "must be a TCP port: {\"port\":10000,\"proto\":\"tcp\"}, \"10000/tcp\" or 10000");
}

static int read_strings(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        json_t* item;
        size_t i;

        if (!json_is_array(value))
                return config_error_set(e, field->name, "must be a list of strings");
        record_touch(type, record, field);

        json_array_foreach(value, i, item) {
                if (!json_is_string(item))
                        return config_error_set(e, field->name, "must be a list of strings");
                if (record_add_string(type, record, field, json_string_value(item), e) < 0)
                        return -EINVAL;
        }
        return 0;
}

static int read_env(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        const char* name;
        json_t* item;

        if (!json_is_object(value))
                return config_error_set(e, field->name, "must be an object of strings");
        record_touch(type, record, field);

        json_object_foreach(value, name, item) {
                if (!json_is_string(item))
                        return config_error_set(e, field->name, "must be an object of strings");
                if (record_add_env(type, record, field, name, json_string_value(item), e) < 0)
                        return -EINVAL;
        }
        return 0;
}

static int read_endpoint(json_t* value, ClusterTable* table, const char* name, ConfigError* e) {
        ClusterEndpoint* endpoint;

        if (cluster_table_add(table, name, &endpoint, e) < 0)
                return -EINVAL;
        if (read_record(value, &cluster_endpoint_type, &endpoint->record, e) < 0 ||
            cluster_endpoint_finish(endpoint, e) < 0) {
                config_error_nest(e, "cluster", name);
                return -EINVAL;
        }
        return 0;
}

static int read_cluster(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        _cleanup_cluster_table_ ClusterTable* table = cluster_table_new();
        const char* name;
        json_t* item;

        if (!json_is_object(value))
                return config_error_set(e, field->name, "must be an object of endpoints");
        record_touch(type, record, field);

        json_object_foreach(value, name, item) {
                if (!json_is_object(item))
                        return config_error_set(e, field->name, "must be an object of endpoints");
                if (read_endpoint(item, table, name, e) < 0)
                        return -EINVAL;
        }
        if (cluster_table_finish(table, e) < 0)
                return -EINVAL;

        *(ClusterTable**) record_at(record, field) = take_ptr(table);
        return 0;
}

static int read_field(json_t* value, const RecordType* type, Record* record, const Field* field, ConfigError* e) {
        switch (field->kind) {
        case FIELD_STRING:
                if (!json_is_string(value))
                        return config_error_set(e, field->name, "must be a string");
                return record_set_string(type, record, field, json_string_value(value), e);
        case FIELD_BOOL:
                if (!json_is_boolean(value))
                        return config_error_set(e, field->name, "must be true or false");
                return record_set_bool(type, record, field, json_is_true(value), e);
        case FIELD_SIGNED:
        case FIELD_UNSIGNED:
                return read_number(value, type, record, field, e);
        case FIELD_PORT:
                return read_port(value, type, record, field, e);
        case FIELD_STRV:
                return read_strings(value, type, record, field, e);
        case FIELD_ENV:
                return read_env(value, type, record, field, e);
        case FIELD_CLUSTER:
                return read_cluster(value, type, record, field, e);
        case _FIELD_KIND_MAX:
                break;
        }
        assert(!"field kind");
        return -EINVAL;
}

static int read_record(json_t* object, const RecordType* type, Record* record, ConfigError* e) {
        const char* key;
        json_t* value;

        json_object_foreach(object, key, value) {
                const Field* field = record_find_field(type, key);

                if (!field)
                        return config_error_set(e, key, "is not a key that is known here");
                if (json_is_null(value))
                        continue;
                if (read_field(value, type, record, field, e) < 0)
                        return -EINVAL;
        }
        return 0;
}

int node_spec_from_json(const char* text, size_t size, NodeSpec** ret, ConfigError* e) {
        _cleanup_node_spec_ NodeSpec* spec = node_spec_new();
        json_auto_t* root = NULL;
        json_error_t error;

        if (size > NODE_JSON_SIZE_MAX)
                return config_error_set(e, "JSON", "is larger than %u bytes", NODE_JSON_SIZE_MAX);
        if (check_depth(text, size, e) < 0)
                return -EINVAL;

        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!root) {
                /* it quotes the text */
                _cleanup_free_ char* why = escape_bytes(error.text, strlen(error.text), JSON_ERROR_TEXT_LENGTH);

                return config_error_set(e, "JSON", "line %d, column %d: %s", error.line, error.column, why);
        }
        if (!json_is_object(root))
                return config_error_set(e, "JSON", "must be an object");
        if (read_record(root, &node_spec_type, &spec->record, e) < 0 || node_spec_finish(spec, e) < 0)
                return -EINVAL;

        *ret = take_ptr(spec);
        return 0;
}

/* ---- writing ---- */

static json_t* write_record(const RecordType* type, const Record* record, NodeJsonForm form);

static json_t* write_unsigned(uint64_t number) {
        char digits[24];

        if (number <= INT64_MAX)
                return json_integer((json_int_t) number);
        if (number == UINT64_MAX)
                return json_string(INFINITY_WORD);
        (void) snprintf(digits, sizeof digits, "%llu", (unsigned long long) number);
        return json_string(digits);
}

static json_t* write_strings(char* const* v) {
        json_t* array = json_array();

        STRV_FOREACH(s, v)
                if (json_array_append_new(array, json_string(*s)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}

static json_t* write_env(char* const* env) {
        json_t* object = json_object();

        STRV_FOREACH(assignment, env) {
                const char* equals = strchr(*assignment, '=');
                _cleanup_free_ char* name = xstrndup(*assignment, (size_t) (equals - *assignment));

                if (json_object_set_new(object, name, json_string(equals + 1)) < 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

static json_t* write_endpoint(const ClusterEndpoint* endpoint, NodeJsonForm form) {
        json_t* object = write_record(&cluster_endpoint_type, &endpoint->record, form);

        if (object && form == NODE_JSON_FOR_ZEEK) {
                _cleanup_free_ char* role = xasprintf("Supervisor::%s", role_to_zeek_string(endpoint->role));

                (void) json_object_set_new(object, "role", json_string(role));
        }
        return object;
}

static json_t* write_cluster(const ClusterTable* table, NodeJsonForm form) {
        json_t* object = json_object();

        for (size_t i = 0; table && i < table->n; i++) {
                const ClusterEndpoint* endpoint = &table->endpoints[i];

                if (json_object_set_new(object, endpoint->name, write_endpoint(endpoint, form)) < 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

static json_t* write_value(const Field* field, const void* at, NodeJsonForm form) {
        switch (field->kind) {
        case FIELD_STRING:
                return json_string(*(char* const*) at);
        case FIELD_BOOL:
                return json_boolean(*(const bool*) at);
        case FIELD_SIGNED:
                return json_integer(*(const int64_t*) at);
        case FIELD_UNSIGNED:
                return write_unsigned(*(const uint64_t*) at);
        case FIELD_PORT:
                return json_pack("{sI ss}", "port", (json_int_t) *(const uint64_t*) at, "proto",
                                 *(const uint64_t*) at == 0 ? PROTO_NONE : PROTO_TCP);
        case FIELD_STRV:
                return write_strings(*(char** const*) at);
        case FIELD_ENV:
                return write_env(*(char** const*) at);
        case FIELD_CLUSTER:
                return write_cluster(*(ClusterTable* const*) at, form);
        case _FIELD_KIND_MAX:
                break;
        }
        assert(!"field kind");
        return NULL;
}

/* Not optional in Zeek's record: from_json() fails without them. */
static bool zeek_wants(const Field* field) {
        return field->kind == FIELD_STRV || field->kind == FIELD_ENV || field->kind == FIELD_CLUSTER;
}

/* NULL when a string is not UTF-8. */
static json_t* write_record(const RecordType* type, const Record* record, NodeJsonForm form) {
        json_t* object = json_object();

        for (size_t i = 0; i < type->n_fields; i++) {
                const Field* field = &type->fields[i];
                const void* at = record_at(record, field);

                if (!record_has(type, record, field) && !(form == NODE_JSON_FOR_ZEEK && zeek_wants(field)))
                        continue;
                if (json_object_set_new(object, field->name, write_value(field, at, form)) < 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

int node_spec_to_json(const NodeSpec* spec, NodeJsonForm form, char** ret) {
        json_auto_t* root = write_record(&node_spec_type, &spec->record, form);
        _cleanup_free_ char* text = NULL;

        assert(form >= 0 && form < _NODE_JSON_FORM_MAX);
        if (!root)
                return -EILSEQ;

        text = json_dumps(root, JSON_COMPACT);
        if (!text)
                return -EILSEQ;
        if (strlen(text) > NODE_JSON_SIZE_MAX)
                return -EFBIG;

        *ret = take_ptr(text);
        return 0;
}
