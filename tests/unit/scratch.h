/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A directory for the files of one test, gone with the scope of the variable. */

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"
#include "util/alloc.h"
#include "util/file.h"

typedef struct Scratch {
        char* path;
} Scratch;

static inline Scratch scratch_new(void) {
        Scratch scratch = { .path = xstrdup("/tmp/zeek-supervisor-test-XXXXXX") };

        assert_non_null(mkdtemp(scratch.path));
        return scratch;
}

static inline int scratch_remove(const char* path, const struct stat* st, int type, struct FTW* where) {
        return remove(path);
}

static inline void scratch_done(Scratch* scratch) {
        (void) nftw(scratch->path, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
        free(scratch->path);
}

#define _cleanup_scratch_ _cleanup_(scratch_done)

/* "DIRECTORY/name", allocated; the directories above it are made. */
static inline char* scratch_place(const Scratch* scratch, const char* name) {
        char* path = xasprintf("%s/%s", scratch->path, name);
        char* slash = strrchr(path, '/');

        *slash = 0;
        assert_int_equal(directory_make(path, 0755), 0);
        *slash = '/';
        return path;
}

static inline void scratch_write(const Scratch* scratch, const char* name, mode_t mode, const char* text) {
        _cleanup_free_ char* path = scratch_place(scratch, name);
        FILE* f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static inline void scratch_link(const Scratch* scratch, const char* name, const char* target) {
        _cleanup_free_ char* path = scratch_place(scratch, name);

        assert_int_equal(symlink(target, path), 0);
}
