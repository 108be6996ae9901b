/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "config/search-path.h"
#include "util/strv.h"

#define PROGRAM_DIRECTORY "zeek-supervisor"

static void add_from_environment(char*** v, const char* name) {
        const char* value = getenv(name);

        /* the XDG base directory specification wants relative ones ignored */
        if (value && value[0] == '/')
                strv_extendf(v, "%s/" PROGRAM_DIRECTORY, value);
}

static void add_user_directories(char*** v) {
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

        if (config && config[0] == '/')
                add_from_environment(v, "XDG_CONFIG_HOME");
        else if (home && home[0] == '/')
                strv_extendf(v, "%s/.config/" PROGRAM_DIRECTORY, home);
        add_from_environment(v, "XDG_RUNTIME_DIR");
}

char** search_path_own_directories(bool user) {
        char** v = NULL;

        if (!user)
                return search_path_directories(false);
        add_user_directories(&v);
        return v;
}

char** search_path_directories(bool user) {
        char** v = NULL;

        if (user)
                add_user_directories(&v);
        strv_extend(&v, "/etc/" PROGRAM_DIRECTORY);
        if (!user)
                strv_extend(&v, "/run/" PROGRAM_DIRECTORY);
        strv_extend(&v, "/usr/lib/" PROGRAM_DIRECTORY);
        return v;
}

typedef enum Candidate {
        CANDIDATE_MISSING,
        CANDIDATE_FILE,
        CANDIDATE_MASK,
        CANDIDATE_OTHER,   /* a directory, a FIFO and the like */
        CANDIDATE_UNKNOWN, /* errno says why */
} Candidate;

/* Follows links: a link to /dev/null is the usual mask. */
static Candidate classify(const char* path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? CANDIDATE_MISSING : CANDIDATE_UNKNOWN;
        if (S_ISREG(st.st_mode))
                return st.st_size == 0 ? CANDIDATE_MASK : CANDIDATE_FILE;
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
                return CANDIDATE_MASK;
        return CANDIDATE_OTHER;
}

char* search_path_find(char* const* directories, const char* name) {
        STRV_FOREACH(directory, directories) {
                _cleanup_free_ char* path = xasprintf("%s/%s", *directory, name);

                switch (classify(path)) {
                case CANDIDATE_FILE:
                case CANDIDATE_OTHER: /* their reader says what is wrong with them */
                case CANDIDATE_UNKNOWN:
                        return take_ptr(path);
                case CANDIDATE_MASK:
                        return NULL;
                case CANDIDATE_MISSING:
                        break;
                }
        }
        return NULL;
}

typedef struct Found {
        char* path;
        const char* name; /* the last part of path */
        size_t rank;      /* of its directory */
        Candidate kind;
} Found;

typedef struct FoundList {
        Found* items;
        size_t n, allocated;
} FoundList;

static void found_list_done(FoundList* list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].path);
        free(list->items);
}

static bool name_fits(const char* name, const char* suffix) {
        size_t length = strlen(name), suffix_length = strlen(suffix);

        return name[0] != '.' && length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static void read_directory(FoundList* list, const char* path, size_t rank, const char* suffix, Diagnostics* d) {
        DIR* directory = opendir(path);
        size_t n = 0;

        if (!directory) {
                if (errno != ENOENT && errno != ENOTDIR)
                        diagnostics_add_unread(d, path, "Cannot be read: %m");
                return;
        }

        for (struct dirent* entry; (entry = readdir(directory));) {
                _cleanup_free_ char* file = NULL;
                Candidate kind;

                if (!name_fits(entry->d_name, suffix))
                        continue;
                if (n++ >= SEARCH_PATH_FILES_MAX) {
                        diagnostics_add(d, path, 0, "Has more than %u files, the others are ignored",
                                        SEARCH_PATH_FILES_MAX);
                        break;
                }

                file = xasprintf("%s/%s", path, entry->d_name);
                kind = classify(file);
                if (kind == CANDIDATE_UNKNOWN)
                        diagnostics_add_unread(d, file, "Cannot be read: %m");
                if (kind == CANDIDATE_OTHER)
                        diagnostics_add_unread(d, file, "Is not a regular file");
                if (kind != CANDIDATE_FILE && kind != CANDIDATE_MASK)
                        continue;

                GROW(list->items, list->n, list->allocated);
                list->items[list->n++] =
                        (Found) { .path = file, .name = strrchr(file, '/') + 1, .rank = rank, .kind = kind };
                file = NULL; /* it belongs to the list now */
        }
        (void) closedir(directory);
}

static int found_compare(const void* a, const void* b) {
        const Found *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r != 0 ? r : (x->rank > y->rank) - (x->rank < y->rank);
}

char** search_path_list(char* const* directories, const char* subdirectory, const char* suffix, Diagnostics* d) {
        _cleanup_(found_list_done) FoundList list = {};
        char** paths = NULL;
        size_t rank = 0;

        STRV_FOREACH(directory, directories) {
                _cleanup_free_ char* path = xasprintf("%s/%s", *directory, subdirectory);

                read_directory(&list, path, rank++, suffix, d);
        }
        if (list.n > 0)
                qsort(list.items, list.n, sizeof(Found), found_compare);

        for (size_t i = 0; i < list.n; i++) {
                bool hidden = i > 0 && strcmp(list.items[i].name, list.items[i - 1].name) == 0;

                if (!hidden && list.items[i].kind == CANDIDATE_FILE)
                        strv_extend(&paths, list.items[i].path);
        }
        return paths;
}
