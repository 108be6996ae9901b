/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* FNV-1a, 64 bit: to notice that something has changed, and to find things (name-index.h). Not for what somebody may want to collide. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/strv.h"

#define HASH_BASIS UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_bytes(uint64_t hash, const void* data, size_t size) {
        const uint8_t* p = data;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
        return hash;
}

/* Of the strings and where each ends. */
static inline uint64_t hash_strv(uint64_t hash, char* const* v) {
        STRV_FOREACH(s, v)
                hash = hash_bytes(hash, *s, strlen(*s) + 1);
        return hash_bytes(hash, "", 1);
}
