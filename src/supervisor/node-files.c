/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/node-json.h"
#include "supervisor/node-files.h"
#include "util/fd.h"
#include "util/file.h"
#include "zeek/layout.h"

/* Whoever may read Status may read these. */
#define DIRECTORY_MODE 0755
#define FILE_MODE 0644

/* A node that is started again shall not fail for want of room for what is there already. */
static bool holds(int directory_fd, const char* name, const char* text) {
        _cleanup_free_ char* present = NULL;
        size_t size;

        return file_read(directory_fd, name, strlen(text), &present, &size) >= 0 && size == strlen(text) &&
               memcmp(present, text, size) == 0;
}

static int open_directory(const char* path, int* ret) {
        int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, r;

        *ret = open(path, flags);
        if (*ret >= 0 || errno != ENOENT)
                return *ret < 0 ? -errno : 0;
        r = directory_make(path, DIRECTORY_MODE);
        if (r < 0)
                return r;
        *ret = open(path, flags);
        return *ret < 0 ? -errno : 0;
}

static int write_file(const char* directory, const char* name, const char* text) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_directory(directory, &fd);
        if (r < 0)
                return r;
        return holds(fd, name, text) ? 0 : file_write_atomic(fd, name, text, strlen(text), FILE_MODE);
}

static char* layout_directory_of(const char* runtime_directory, const char* layout) {
        return xasprintf("%s/layouts/%s", runtime_directory, layout);
}

bool node_files_is_layout(const char* name) {
        return *name && !name[strspn(name, "0123456789abcdef")];
}

static bool has_layout(const NodeSpec* spec) {
        return spec->cluster && spec->cluster->n > 0;
}

static int write_layout(const char* directory, const char* text) {
        _cleanup_free_ char* file = xasprintf("%s/%s", directory, ZEEK_LAYOUT_FILE);
        int r;

        /* the name says what is in it, and it came there by a rename: it is whole */
        if (access(file, F_OK) == 0)
                return 0;
        r = write_file(directory, ZEEK_LAYOUT_FILE, text);
        if (r < 0)
                (void) rmdir(directory);
        return r;
}

static char* config_directory(const char* runtime_directory) {
        return xasprintf("%s/nodes", runtime_directory);
}

static int write_config(const char* runtime_directory, const NodeSpec* spec) {
        _cleanup_free_ char* directory = config_directory(runtime_directory);
        _cleanup_free_ char* name = xasprintf("%s.json", spec->name);
        _cleanup_free_ char* text = NULL;
        int r;

        r = node_spec_to_json(spec, NODE_JSON_FOR_ZEEK, &text);
        return r < 0 ? r : write_file(directory, name, text);
}

static bool version_equal(ZeekVersion a, ZeekVersion b) {
        return a.known == b.known && a.major == b.major && a.minor == b.minor && a.patch == b.patch;
}

void layout_memo_done(LayoutMemo* memo) {
        cluster_table_unref(memo->table);
        free(memo->layout);
        *memo = (LayoutMemo) {};
}

static void name_files(const char* runtime_directory, const NodeSpec* spec, const char* layout, NodeFiles* ret) {
        _cleanup_free_ char* directory = config_directory(runtime_directory);

        *ret = (NodeFiles) {
                .layout = xstrdup_or_null(layout),
                .layout_directory = layout ? layout_directory_of(runtime_directory, layout) : NULL,
                .config = xasprintf("%s/%s.json", directory, spec->name),
        };
}

void node_files_name(const char* runtime_directory, const NodeSpec* spec, ZeekVersion version, LayoutMemo* memo,
                     NodeFiles* ret) {
        if (!has_layout(spec)) {
                name_files(runtime_directory, spec, NULL, ret);
                return;
        }
        if (memo->table != spec->cluster || !version_equal(memo->version, version)) {
                _cleanup_free_ char* text = zeek_layout_text(spec->cluster, version);

                layout_memo_done(memo);
                *memo = (LayoutMemo) { cluster_table_ref(spec->cluster), version, zeek_layout_id(text) };
        }
        name_files(runtime_directory, spec, memo->layout, ret);
}

int node_files_write(const char* runtime_directory, const NodeSpec* spec, ZeekVersion version, NodeFiles* ret) {
        _cleanup_node_files_ NodeFiles files = {};
        _cleanup_free_ char* text = has_layout(spec) ? zeek_layout_text(spec->cluster, version) : NULL;
        _cleanup_free_ char* layout = text ? zeek_layout_id(text) : NULL;
        int r;

        name_files(runtime_directory, spec, layout, &files);
        r = write_config(runtime_directory, spec);
        if (r < 0)
                return r;
        if (text) {
                r = write_layout(files.layout_directory, text);
                if (r < 0) {
                        node_files_remove_config(runtime_directory, spec->name);
                        return r;
                }
        }

        *ret = files;
        files = (NodeFiles) {};
        return 0;
}

void node_files_done(NodeFiles* files) {
        free(files->layout);
        free(files->layout_directory);
        free(files->config);
        *files = (NodeFiles) {};
}

void node_files_remove_config(const char* runtime_directory, const char* name) {
        _cleanup_free_ char* directory = config_directory(runtime_directory);
        _cleanup_free_ char* path = xasprintf("%s/%s.json", directory, name);

        (void) unlink(path);
}

void node_files_remove_layout(const char* runtime_directory, const char* layout) {
        _cleanup_free_ char* directory = layout_directory_of(runtime_directory, layout);
        _cleanup_free_ char* file = xasprintf("%s/%s", directory, ZEEK_LAYOUT_FILE);

        (void) unlink(file);
        (void) rmdir(directory);
}
