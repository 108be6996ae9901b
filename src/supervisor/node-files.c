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

static int write_file(const char* directory, const char* name, const char* text) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = directory_make(directory, DIRECTORY_MODE);
        if (r < 0)
                return r;
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return file_write_atomic(fd, name, text, strlen(text), FILE_MODE);
}

static int write_layout(const char* runtime_directory, const ClusterTable* cluster, ZeekVersion version, char** ret) {
        _cleanup_free_ char* text = zeek_layout_text(cluster, version);
        _cleanup_free_ char* id = zeek_layout_id(text);
        _cleanup_free_ char* directory = xasprintf("%s/layouts/%s", runtime_directory, id);
        _cleanup_free_ char* file = xasprintf("%s/%s", directory, ZEEK_LAYOUT_FILE);
        int r;

        /* the name says what is in it, and it came there by a rename: it is whole */
        if (access(file, F_OK) < 0) {
                r = write_file(directory, ZEEK_LAYOUT_FILE, text);
                if (r < 0) {
                        (void) rmdir(directory);
                        return r;
                }
        }

        *ret = take_ptr(directory);
        return 0;
}

static char* config_directory(const char* runtime_directory) {
        return xasprintf("%s/nodes", runtime_directory);
}

static int write_config(const char* runtime_directory, const NodeSpec* spec, char** ret) {
        _cleanup_free_ char* directory = config_directory(runtime_directory);
        _cleanup_free_ char* name = xasprintf("%s.json", spec->name);
        _cleanup_free_ char* text = NULL;
        int r;

        r = node_spec_to_json(spec, NODE_JSON_FOR_ZEEK, &text);
        if (r >= 0)
                r = write_file(directory, name, text);
        if (r < 0)
                return r;

        *ret = xasprintf("%s/%s", directory, name);
        return 0;
}

int node_files_write(const char* runtime_directory, const NodeSpec* spec, ZeekVersion version, NodeFiles* ret) {
        _cleanup_node_files_ NodeFiles files = {};
        int r;

        r = write_config(runtime_directory, spec, &files.config);
        if (r < 0)
                return r;
        if (spec->cluster && spec->cluster->n > 0) {
                r = write_layout(runtime_directory, spec->cluster, version, &files.layout_directory);
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
        free(files->layout_directory);
        free(files->config);
        *files = (NodeFiles) {};
}

void node_files_remove_config(const char* runtime_directory, const char* name) {
        _cleanup_free_ char* directory = config_directory(runtime_directory);
        _cleanup_free_ char* path = xasprintf("%s/%s.json", directory, name);

        (void) unlink(path);
}

void node_files_remove_layout(const char* layout_directory) {
        _cleanup_free_ char* file = xasprintf("%s/%s", layout_directory, ZEEK_LAYOUT_FILE);

        (void) unlink(file);
        (void) rmdir(layout_directory);
}
