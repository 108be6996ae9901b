/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "config/ini.h"
#include "config/search-path.h"
#include "supervisor/node-file.h"
#include "util/file.h"
#include "util/strv.h"

#define FILE_NAME "node.cfg"

void node_file_done(NodeFile* file) {
        free(file->path);
        node_cfg_free(file->cfg);
        diagnostics_done(&file->errors);
        static_nodes_done(&file->nodes);
        *file = (NodeFile) {};
}

/* ---- reading ---- */

static bool is_mask(const char* path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* False: look elsewhere. */
static bool read_path(NodeFile* file, const char* path, const ZeekControlSettings* settings, Diagnostics* doubts) {
        _cleanup_free_ char* text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, path, INI_FILE_MAX, &text, &size);
        if (r == -ENOENT || r == -ENOTDIR)
                return false;
        if (r == -EBADFD && is_mask(path))
                return true;

        file->path = xstrdup(path);
        if (r == -EBADFD)
                diagnostics_add(&file->errors, path, 0, "Is not a regular file");
        else if (r < 0)
                diagnostics_add(&file->errors, path, 0, "Cannot be read: %s", strerror(-r));
        else
                file->cfg = node_cfg_parse(path, text, size, settings, &file->errors, doubts);
        return true;
}

void node_file_read(NodeFile* file, bool user_mode, const ZeekControlSettings* settings, Diagnostics* doubts) {
        _cleanup_strv_free_ char** directories = search_path_own_directories(user_mode);

        STRV_FOREACH(directory, directories) {
                _cleanup_free_ char* path = xasprintf("%s/" FILE_NAME, *directory);

                if (read_path(file, path, settings, doubts))
                        return;
        }
}

/* ---- hosts ---- */

char* const* node_file_hosts(const NodeFile* file) {
        return file->cfg ? node_cfg_hosts(file->cfg) : NULL;
}

static void expand(NodeFile* file, const HostAnswer* answers, Diagnostics* doubts) {
        for (size_t i = 0; i < strv_length(node_file_hosts(file)); i++)
                if (!answers[i].address)
                        file->hosts_unknown = true;
        (void) node_cfg_expand(file->cfg, answers, &file->nodes, &file->errors, doubts);
}

void node_file_take_hosts(NodeFile* file, const char* output, Diagnostics* doubts) {
        size_t n = strv_length(node_file_hosts(file));
        HostAnswer* answers;

        if (host_answers_parse(output, n, &answers) < 0) {
                node_file_lack_hosts(file, "zeek-hosts does not answer as it should");
                return;
        }
        expand(file, answers, doubts);
        host_answers_free(answers, n);
        file->cfg = node_cfg_free(file->cfg);
}

void node_file_lack_hosts(NodeFile* file, const char* why) {
        file->hosts_unknown = true;
        diagnostics_add(&file->errors, file->path, 0, "The addresses of its hosts cannot be found out: %s", why);
        file->cfg = node_cfg_free(file->cfg);
}

void node_file_look_up_hosts(NodeFile* file, Diagnostics* doubts) {
        size_t n = strv_length(node_file_hosts(file));
        HostAnswer* answers;

        if (!file->cfg)
                return;
        answers = host_answers_look_up(node_file_hosts(file), n);
        expand(file, answers, doubts);
        host_answers_free(answers, n);
        file->cfg = node_cfg_free(file->cfg);
}

/* ---- what came of it ---- */

NodeSpec** node_file_own_nodes(const NodeFile* file, size_t* ret_n) {
        NodeSpec** own = xcalloc(file->nodes.n, sizeof(NodeSpec*));

        *ret_n = 0;
        for (size_t i = 0; i < file->nodes.n; i++)
                if (file->nodes.items[i].ours)
                        own[(*ret_n)++] = file->nodes.items[i].spec;
        return own;
}

static const StaticNode* find(const NodeFile* file, const char* name) {
        for (size_t i = 0; name && i < file->nodes.n; i++)
                if (strcmp(file->nodes.items[i].spec->name, name) == 0)
                        return &file->nodes.items[i];
        return NULL;
}

const NodeSpec* node_file_find(const NodeFile* file, const char* name) {
        const StaticNode* node = find(file, name);

        return node ? node->spec : NULL;
}

void node_file_refuse(NodeFile* file, const char* node, const char* format, ...) {
        const StaticNode* about = find(file, node);
        _cleanup_free_ char* why = NULL;
        va_list ap;

        va_start(ap, format);
        why = xvasprintf(format, ap);
        va_end(ap);
        diagnostics_add(&file->errors, file->path, about ? about->line : 0, "%s", why);
}

char* node_file_problem(const NodeFile* file) {
        _cleanup_strv_free_ char** lines = NULL;

        if (file->errors.n == 0)
                return NULL;
        for (size_t i = 0; i < file->errors.n && i < NODE_FILE_ERRORS_TOLD; i++)
                strv_consume(&lines, diagnostic_to_string(&file->errors.items[i]));
        if (file->errors.n > NODE_FILE_ERRORS_TOLD)
                strv_extendf(&lines, "%zu more errors are in the journal", file->errors.n - NODE_FILE_ERRORS_TOLD);
        return strv_join(lines, "\n");
}
