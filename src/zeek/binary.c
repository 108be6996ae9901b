/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "util/strv.h"
#include "zeek/binary.h"

#define PROGRAM "zeek"

/* Zeek's own default, the project's packages, and what distributions use. */
static const char* const usual_directories[] = {
        "/usr/local/zeek/bin",
        "/opt/zeek/bin",
        "/usr/local/bin",
        "/usr/bin",
};

/* By the mode alone: the daemon runs as root without capabilities, and it is the node's user who will execute it. */
static int check_executable(const char* path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : -EACCES;
}

static bool find_in(const char* directory, char** ret) {
        _cleanup_free_ char* candidate = xasprintf("%s/" PROGRAM, directory);

        if (directory[0] != '/' || check_executable(candidate) < 0)
                return false;
        *ret = take_ptr(candidate);
        return true;
}

int zeek_binary_find(const char* configured, const char* path, char** ret) {
        _cleanup_strv_free_ char** directories = strv_split(path ? path : "", ":");
        int r;

        if (configured) {
                r = check_executable(configured);
                if (r < 0)
                        return r;
                *ret = xstrdup(configured);
                return 0;
        }

        STRV_FOREACH(directory, directories)
                if (find_in(*directory, ret))
                        return 0;
        for (size_t i = 0; i < ELEMENTSOF(usual_directories); i++)
                if (find_in(usual_directories[i], ret))
                        return 0;
        return -ENOENT;
}

ZeekBinaryStamp zeek_binary_stamp(const char* binary) {
        struct stat st;

        if (stat(binary, &st) < 0)
                return (ZeekBinaryStamp) {};
        return (ZeekBinaryStamp) { .device = st.st_dev,
                                   .inode = st.st_ino,
                                   .size = (uint64_t) st.st_size,
                                   .modified_sec = st.st_mtim.tv_sec,
                                   .modified_nsec = st.st_mtim.tv_nsec };
}

bool zeek_binary_stamp_equal(const ZeekBinaryStamp* a, const ZeekBinaryStamp* b) {
        return a->device == b->device && a->inode == b->inode && a->size == b->size &&
               a->modified_sec == b->modified_sec && a->modified_nsec == b->modified_nsec;
}

char* zeek_binary_directory(const char* binary) {
        _cleanup_free_ char* resolved = realpath(binary, NULL);
        const char *path = resolved ? resolved : binary, *slash = strrchr(path, '/');

        assert(slash);
        return slash == path ? xstrdup("/") : xstrndup(path, (size_t) (slash - path));
}
