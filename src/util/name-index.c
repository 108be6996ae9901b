/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "util/alloc.h"
#include "util/hash.h"
#include "util/name-index.h"

#define BUCKETS_MIN 16U

void name_index_done(NameIndex* index) {
        assert(index->n == 0);
        free(index->buckets);
        *index = (NameIndex) {};
}

static NameEntry** bucket_of(const NameIndex* index, const char* name) {
        return &index->buckets[hash_bytes(HASH_BASIS, name, strlen(name)) & (index->n_buckets - 1)];
}

static void insert(NameIndex* index, NameEntry* entry) {
        NameEntry** bucket = bucket_of(index, entry->name);

        entry->next = *bucket;
        *bucket = entry;
}

/* There is a bucket for each entry. */
static void grow(NameIndex* index) {
        NameIndex larger = { .n_buckets = index->n_buckets > 0 ? 2 * index->n_buckets : BUCKETS_MIN, .n = index->n };

        larger.buckets = xcalloc(larger.n_buckets, sizeof(NameEntry*));
        for (size_t i = 0; i < index->n_buckets; i++)
                for (NameEntry *entry = index->buckets[i], *next; entry; entry = next) {
                        next = entry->next;
                        insert(&larger, entry);
                }
        free(index->buckets);
        *index = larger;
}

void name_index_add(NameIndex* index, NameEntry* entry, const char* name, void* item) {
        assert(!entry->name);
        if (index->n >= index->n_buckets)
                grow(index);
        *entry = (NameEntry) { .name = name, .item = item };
        insert(index, entry);
        index->n++;
}

void name_index_remove(NameIndex* index, NameEntry* entry) {
        NameEntry** place;

        if (!entry->name)
                return;
        for (place = bucket_of(index, entry->name); *place != entry; place = &(*place)->next)
                assert(*place);
        *place = entry->next;
        *entry = (NameEntry) {};
        index->n--;
}

static NameEntry* find_from(NameEntry* entry, const char* name) {
        while (entry && strcmp(entry->name, name) != 0)
                entry = entry->next;
        return entry;
}

NameEntry* name_index_find(const NameIndex* index, const char* name) {
        return index->n > 0 ? find_from(*bucket_of(index, name), name) : NULL;
}

NameEntry* name_index_find_next(const NameEntry* entry) {
        return find_from(entry->next, entry->name);
}
