/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* journald's side of the native protocol, read strictly: what its documentation promises, and no more. */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/journal-entry.h"

typedef struct DecodedField {
        char name[JOURNAL_FIELD_NAME_MAX + 1];
        const char* value; /* into the datagram */
        size_t size;
} DecodedField;

typedef struct Decoded {
        DecodedField fields[32];
        size_t n;
} Decoded;

/* False: journald would drop it, or see more than one entry in it. */
static inline bool journal_decode(const char* data, size_t size, Decoded* ret) {
        const char* end = data + size;

        *ret = (Decoded) {};
        while (data < end) {
                const char* newline = memchr(data, '\n', (size_t) (end - data));
                const char* equals;
                DecodedField* f = ret->fields + ret->n++;

                if (!newline || newline == data || ret->n > sizeof ret->fields / sizeof ret->fields[0])
                        return false;
                equals = memchr(data, '=', (size_t) (newline - data));

                size_t name_size = (size_t) ((equals ? equals : newline) - data);
                if (name_size > JOURNAL_FIELD_NAME_MAX)
                        return false;
                memcpy(f->name, data, name_size);
                if (!journal_field_name_is_valid(f->name))
                        return false;

                if (equals) {
                        f->value = equals + 1;
                        f->size = (size_t) (newline - f->value);
                        data = newline + 1;
                        continue;
                }

                uint64_t length;
                if ((size_t) (end - newline - 1) < sizeof length)
                        return false;
                memcpy(&length, newline + 1, sizeof length);
                length = le64toh(length);
                f->value = newline + 1 + sizeof length;
                if (length >= (size_t) (end - f->value) || f->value[length] != '\n')
                        return false;
                f->size = length;
                data = f->value + length + 1;
        }
        return ret->n > 0;
}

/* The field if it is there exactly once. */
static inline const DecodedField* decoded_field(const Decoded* entry, const char* name) {
        const DecodedField* found = NULL;

        for (size_t i = 0; i < entry->n; i++)
                if (strcmp(entry->fields[i].name, name) == 0) {
                        if (found)
                                return NULL;
                        found = entry->fields + i;
                }
        return found;
}

static inline bool decoded_equals(const Decoded* entry, const char* name, const void* value, size_t size) {
        const DecodedField* f = decoded_field(entry, name);

        return f && f->size == size && memcmp(f->value, value, size) == 0;
}

static inline bool decoded_is(const Decoded* entry, const char* name, const char* value) {
        return decoded_equals(entry, name, value, strlen(value));
}
