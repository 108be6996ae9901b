/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Finds things by their names, many as fast as few. Who has the things keeps them; each has its entry in it. A name may be
 * there several times.
 *
 * The names are hashed without a secret: who finds names that collide makes a lookup as slow as the list that it would be
 * without this, and no slower. */

#include <stddef.h>

typedef struct NameEntry {
        const char* name; /* weak */
        void* item;       /* weak */
        struct NameEntry* next;
} NameEntry;

/* Empty if all is 0. */
typedef struct NameIndex {
        NameEntry** buckets;
        size_t n_buckets; /* a power of 2 */
        size_t n;
} NameIndex;

void name_index_done(NameIndex* index);

/* The name stays as it is for as long as the entry is there. */
void name_index_add(NameIndex* index, NameEntry* entry, const char* name, void* item);
/* One that was added, or never: then nothing happens, if all of it is 0. */
void name_index_remove(NameIndex* index, NameEntry* entry);

/* One with this name, and then another one; NULL: there is none. */
NameEntry* name_index_find(const NameIndex* index, const char* name);
NameEntry* name_index_find_next(const NameEntry* entry);
