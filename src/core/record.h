/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Records described by tables.
 *
 * A NodeConfig arrives as a D-Bus dictionary, as JSON, from node.cfg, and leaves in two of these forms. Each of its
 * fields is one line in a table here (name, kind, place in the struct, limits); a reader or writer of a format is
 * a loop over the table and knows kinds, never fields. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/alloc.h"

typedef enum FieldKind {
        FIELD_STRING,   /* char* */
        FIELD_BOOL,     /* bool */
        FIELD_SIGNED,   /* int64_t */
        FIELD_UNSIGNED, /* uint64_t */
        FIELD_PORT,     /* uint64_t; a Zeek port in JSON, a number on D-Bus */
        FIELD_STRV,     /* char** */
        FIELD_ENV,      /* char**, NAME=value */
        FIELD_CLUSTER,  /* ClusterTable* */
        _FIELD_KIND_MAX,
} FieldKind;

/* Why a value of this field may not be taken; NULL: it may. The text is static or allocated as the caller says. */
typedef char* (*field_check_t)(const char* value);

typedef struct Field {
        const char* name;
        FieldKind kind;
        size_t offset;
        int64_t min;         /* of a number */
        uint64_t max;        /* of a number; bytes of a string and of each string of a list */
        field_check_t check; /* for each string; returns an allocated reason, or NULL when it is good */
} Field;

typedef struct RecordType {
        const Field* fields;
        size_t n_fields;
} RecordType;

/* First member of every record: which fields were given. */
typedef struct Record {
        uint64_t present;
} Record;

/* What is wrong with a configuration, and where. Filled on failure by the functions here. */
typedef struct ConfigError {
        char* key;
        char* why;
} ConfigError;

void config_error_clear(ConfigError* e);
#define _cleanup_config_error_ _cleanup_(config_error_clear)
/* Sets the error unless one is set (the first wins); always -EINVAL. */
int config_error_set(ConfigError* e, const char* key, const char* format, ...) _printf_(3, 4);
/* Puts "prefix[name]." before the key. */
void config_error_nest(ConfigError* e, const char* prefix, const char* name);

/* Numbers of every width that D-Bus and JSON have. */
typedef __int128 wide_int;

/* Of a list or an environment. All of them together have to fit into the arguments and the environment of a process. */
#define LIST_ENTRIES_MAX 512U
#define LIST_BYTES_MAX (128U * 1024)

const Field* record_find_field(const RecordType* type, const char* name);
bool record_has(const RecordType* type, const Record* record, const Field* field);
/* The field's place in the record. */
void* record_at(const Record* record, const Field* field);

/* Each checks the value against the table and stores a copy; of a value that is refused nothing stays. A field is set
 * once; lists grow by one with each call after record_touch(), which marks the field as given, also with an empty
 * list. 0 or -EINVAL with *e. */
void record_touch(const RecordType* type, Record* record, const Field* field);
int record_set_string(const RecordType* type, Record* record, const Field* field, const char* value, ConfigError* e);
int record_set_bool(const RecordType* type, Record* record, const Field* field, bool value, ConfigError* e);
int record_set_number(const RecordType* type, Record* record, const Field* field, wide_int value, ConfigError* e);
int record_add_string(const RecordType* type, Record* record, const Field* field, const char* value, ConfigError* e);
int record_add_env(const RecordType* type, Record* record, const Field* field, const char* name, const char* value,
                   ConfigError* e);

/* Frees what the fields own; not the record, and not a FIELD_CLUSTER. */
void record_done(const RecordType* type, Record* record);
/* Equality of all fields but FIELD_CLUSTER. */
bool record_equal(const RecordType* type, const Record* a, const Record* b);
