/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child/launch-directories.h"
#include "child/limits.h"
#include "util/fd.h"
#include "util/hash.h"

/* Changed by several processes at once, one word at a time. Names that are alike but for NUMBER_BITS count as one. */
typedef struct NameSet {
        uint64_t names[CHILDREN_MAX]; /* 0: free */
} NameSet;

/* A note is a name in whose lowest bits is which note it was. */
#define NUMBER_BITS 20
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

struct LaunchDirectories {
        NameSet used;
        NameSet noted;
        NoteNumber last_note;
};

/* Two that differ may look alike once in an eternity; then an empty directory is removed, or stays. */
static uint64_t name_of(const char* path, size_t length) {
        uint64_t hash = HASH_BASIS;

        while (length > 1 && path[length - 1] == '/')
                length--;
        for (size_t i = 0; i < length; i++)
                if (path[i] != '/' || i == 0 || path[i - 1] != '/')
                        hash = hash_bytes(hash, path + i, 1);
        return hash == 0 ? 1 : hash;
}

static uint64_t get(const NameSet* set, size_t i) {
        return __atomic_load_n(&set->names[i], __ATOMIC_SEQ_CST);
}

static bool replace(NameSet* set, size_t i, uint64_t from, uint64_t to) {
        return get(set, i) == from &&
               __atomic_compare_exchange_n(&set->names[i], &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static size_t add(NameSet* set, uint64_t name) {
        size_t i = 0;

        while (i < ELEMENTSOF(set->names) && !replace(set, i, 0, name))
                i++;
        return i;
}

static bool is_same(uint64_t a, uint64_t b) {
        return (a | NUMBER_MASK) == (b | NUMBER_MASK);
}

static bool has(const NameSet* set, uint64_t name) {
        for (size_t i = 0; i < ELEMENTSOF(set->names); i++)
                if (get(set, i) != 0 && is_same(get(set, i), name))
                        return true;
        return false;
}

static bool is_empty(const NameSet* set) {
        for (size_t i = 0; i < ELEMENTSOF(set->names); i++)
                if (get(set, i) != 0)
                        return false;
        return true;
}

static void clear(NameSet* set) {
        for (size_t i = 0; i < ELEMENTSOF(set->names); i++)
                __atomic_store_n(&set->names[i], 0, __ATOMIC_SEQ_CST);
}

int launch_directories_map(int fd, LaunchDirectories** ret) {
        void* memory = mmap(NULL, sizeof(LaunchDirectories), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        if (memory == MAP_FAILED)
                return -errno;
        *ret = memory;
        return 0;
}

int launch_directories_new(LaunchDirectories** ret, int* ret_fd) {
        _cleanup_close_ int fd = memfd_create("zeek-stem-directories", MFD_CLOEXEC);
        int r;

        if (fd < 0 || ftruncate(fd, sizeof(LaunchDirectories)) < 0)
                return -errno;
        r = launch_directories_map(fd, ret);
        if (r >= 0)
                *ret_fd = take_fd(fd);
        return r;
}

LaunchDirectories* launch_directories_free(LaunchDirectories* d) {
        if (d)
                (void) munmap(d, sizeof *d);
        return NULL;
}

DirectoryUse launch_directories_use(LaunchDirectories* d, const char* path) {
        size_t i = add(&d->used, name_of(path, strlen(path)));

        return i < ELEMENTSOF(d->used.names) ? (DirectoryUse) i + 1 : DIRECTORY_USE_NONE;
}

void launch_directories_leave(LaunchDirectories* d, DirectoryUse use) {
        if (use != DIRECTORY_USE_NONE)
                __atomic_store_n(&d->used.names[use - 1], 0, __ATOMIC_SEQ_CST);
}

void launch_directories_keep(LaunchDirectories* d, const char* path) {
        size_t length = strlen(path);

        if (is_empty(&d->noted))
                return;
        for (size_t i = 1; i <= length; i++)
                if ((path[i] == '/' || path[i] == 0) && path[i - 1] != '/')
                        launch_directories_strike(d, path, i, launch_directories_last_note(d));
}

void launch_directories_clear(LaunchDirectories* d) {
        clear(&d->used);
        clear(&d->noted);
}

bool launch_directories_in_use(const LaunchDirectories* d, const char* path, size_t length) {
        return has(&d->used, name_of(path, length));
}

static bool is_later(NoteNumber a, NoteNumber b) {
        return a != b && ((a - b) & NUMBER_MASK) <= NUMBER_MASK / 2;
}

void launch_directories_note(LaunchDirectories* d, const char* path, size_t length) {
        NoteNumber number = __atomic_add_fetch(&d->last_note, 1, __ATOMIC_SEQ_CST) & NUMBER_MASK;
        uint64_t note = (name_of(path, length) & ~NUMBER_MASK) | number;

        for (size_t i = 0; i < ELEMENTSOF(d->noted.names); i++) {
                uint64_t present = get(&d->noted, i);

                if (present != 0 && is_same(present, note) && replace(&d->noted, i, present, note))
                        return;
        }
        (void) add(&d->noted, note);
}

NoteNumber launch_directories_last_note(const LaunchDirectories* d) {
        return __atomic_load_n(&d->last_note, __ATOMIC_SEQ_CST) & NUMBER_MASK;
}

void launch_directories_strike(LaunchDirectories* d, const char* path, size_t length, NoteNumber last) {
        uint64_t name = name_of(path, length);

        for (size_t i = 0; i < ELEMENTSOF(d->noted.names); i++) {
                uint64_t note = get(&d->noted, i);

                if (note != 0 && is_same(note, name) && !is_later(note & NUMBER_MASK, last))
                        (void) replace(&d->noted, i, note, 0);
        }
}

bool launch_directories_has_note(const LaunchDirectories* d, const char* path, size_t length) {
        return has(&d->noted, name_of(path, length));
}
