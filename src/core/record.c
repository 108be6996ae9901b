/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "core/record.h"
#include "util/escape.h"
#include "util/strv.h"

/* Enough of a wrong value to recognise it by. */
#define QUOTED_MAX 64U

void config_error_clear(ConfigError* e) {
        free(e->key);
        free(e->why);
        *e = (ConfigError) {};
}

int config_error_set(ConfigError* e, const char* key, const char* format, ...) {
        if (!e->why) {
                va_list ap;

                va_start(ap, format);
                e->why = xvasprintf(format, ap);
                va_end(ap);
                e->key = escape_bytes(key, strlen(key), QUOTED_MAX);
        }
        return -EINVAL;
}

void config_error_nest(ConfigError* e, const char* prefix, const char* name) {
        _cleanup_free_ char* quoted = escape_bytes(name, strlen(name), QUOTED_MAX);

        free_and_replace(e->key, xasprintf("%s[%s].%s", prefix, quoted, e->key ? e->key : ""));
}

const Field* record_find_field(const RecordType* type, const char* name) {
        for (size_t i = 0; i < type->n_fields; i++)
                if (strcmp(type->fields[i].name, name) == 0)
                        return &type->fields[i];
        return NULL;
}

static uint64_t field_bit(const RecordType* type, const Field* field) {
        size_t index = (size_t) (field - type->fields);

        assert(index < type->n_fields && index < 64);
        return UINT64_C(1) << index;
}

bool record_has(const RecordType* type, const Record* record, const Field* field) {
        return record->present & field_bit(type, field);
}

void* record_at(const Record* record, const Field* field) {
        return (char*) record + field->offset;
}

void record_touch(const RecordType* type, Record* record, const Field* field) {
        record->present |= field_bit(type, field);
}

static int check_once(const RecordType* type, const Record* record, const Field* field, ConfigError* e) {
        if (record_has(type, record, field))
                return config_error_set(e, field->name, "is given twice");
        return 0;
}

static int check_string(const Field* field, const char* value, ConfigError* e) {
        if (strlen(value) > field->max)
                return config_error_set(e, field->name, "is longer than %llu bytes", (unsigned long long) field->max);

        if (field->check) {
                _cleanup_free_ char* why = field->check(value);

                if (why)
                        return config_error_set(e, field->name, "%s", why);
        }
        return 0;
}

int record_set_string(const RecordType* type, Record* record, const Field* field, const char* value, ConfigError* e) {
        assert(field->kind == FIELD_STRING);
        if (check_once(type, record, field, e) < 0 || check_string(field, value, e) < 0)
                return -EINVAL;

        record_touch(type, record, field);
        *(char**) record_at(record, field) = xstrdup(value);
        return 0;
}

int record_set_bool(const RecordType* type, Record* record, const Field* field, bool value, ConfigError* e) {
        assert(field->kind == FIELD_BOOL);
        if (check_once(type, record, field, e) < 0)
                return -EINVAL;

        record_touch(type, record, field);
        *(bool*) record_at(record, field) = value;
        return 0;
}

int record_set_number(const RecordType* type, Record* record, const Field* field, wide_int value, ConfigError* e) {
        assert(field->kind == FIELD_SIGNED || field->kind == FIELD_UNSIGNED || field->kind == FIELD_PORT);
        if (check_once(type, record, field, e) < 0)
                return -EINVAL;
        if (value < field->min || value > field->max)
                return config_error_set(e, field->name, "must be between %lld and %llu", (long long) field->min,
                                        (unsigned long long) field->max);

        record_touch(type, record, field);
        if (field->kind == FIELD_SIGNED)
                *(int64_t*) record_at(record, field) = (int64_t) value;
        else
                *(uint64_t*) record_at(record, field) = (uint64_t) value;
        return 0;
}

/* Is there room for one more of that size? */
static int check_room(const Field* field, char* const* v, size_t size, ConfigError* e) {
        if (strv_length(v) >= LIST_ENTRIES_MAX)
                return config_error_set(e, field->name, "has more than %u entries", LIST_ENTRIES_MAX);

        STRV_FOREACH(s, v)
                size += strlen(*s);
        if (size > LIST_BYTES_MAX)
                return config_error_set(e, field->name, "has more than %u bytes in all", LIST_BYTES_MAX);
        return 0;
}

int record_add_string(const RecordType* type, Record* record, const Field* field, const char* value, ConfigError* e) {
        char*** v = record_at(record, field);

        assert(field->kind == FIELD_STRV && record_has(type, record, field));
        if (check_string(field, value, e) < 0 || check_room(field, *v, strlen(value), e) < 0)
                return -EINVAL;

        strv_extend(v, value);
        return 0;
}

int record_add_env(const RecordType* type, Record* record, const Field* field, const char* name, const char* value,
                   ConfigError* e) {
        char*** v = record_at(record, field);
        _cleanup_free_ char* why = NULL;

        assert(field->kind == FIELD_ENV && record_has(type, record, field) && field->check);
        why = field->check(name);
        if (!why && strlen(value) > field->max)
                why = xasprintf("is longer than %llu bytes", (unsigned long long) field->max);
        if (!why && strv_env_get(*v, name))
                why = xstrdup("is given twice");
        if (why) {
                _cleanup_free_ char* quoted = escape_bytes(name, strlen(name), QUOTED_MAX);
                _cleanup_free_ char* key = xasprintf("%s[%s]", field->name, quoted);

                return config_error_set(e, key, "%s", why);
        }
        if (check_room(field, *v, strlen(name) + 1 + strlen(value), e) < 0)
                return -EINVAL;

        strv_env_set(v, name, value);
        return 0;
}

void record_done(const RecordType* type, Record* record) {
        for (size_t i = 0; i < type->n_fields; i++) {
                const Field* field = &type->fields[i];

                if (field->kind == FIELD_STRING)
                        free(take_ptr(*(char**) record_at(record, field)));
                else if (field->kind == FIELD_STRV || field->kind == FIELD_ENV)
                        strv_free(take_ptr(*(char***) record_at(record, field)));
        }
        record->present = 0;
}

static bool field_equal(const Field* field, const Record* a, const Record* b) {
        const void *x = record_at(a, field), *y = record_at(b, field);

        switch (field->kind) {
        case FIELD_STRING:
                return strcmp(*(char* const*) x, *(char* const*) y) == 0;
        case FIELD_BOOL:
                return *(const bool*) x == *(const bool*) y;
        case FIELD_SIGNED:
        case FIELD_UNSIGNED:
        case FIELD_PORT:
                return *(const uint64_t*) x == *(const uint64_t*) y;
        case FIELD_STRV:
        case FIELD_ENV:
                return strv_equal(*(char** const*) x, *(char** const*) y);
        case FIELD_CLUSTER:
                return true;
        case _FIELD_KIND_MAX:
                break;
        }
        assert(!"field kind");
        return false;
}

bool record_equal(const RecordType* type, const Record* a, const Record* b) {
        if (a->present != b->present)
                return false;

        for (size_t i = 0; i < type->n_fields; i++)
                if (record_has(type, a, &type->fields[i]) && !field_equal(&type->fields[i], a, b))
                        return false;
        return true;
}
