/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/node-json.h"
#include "core/node-name.h"
#include "supervisor/node-files.h"
#include "supervisor/state-files.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/parse.h"

#define CONFIG_SUFFIX ".config"
#define LIFE_SUFFIX ".life"
#define LINES_SUFFIX ".lines"
#define LIFE_SIZE_MAX 4096U
/* 4: filled up with empty lines to a size that is always the same, so that it can be written over.
 * 3: origin and layout are told, and ORDER_HASH is another one. Of version 2, in which all nodes were runtime nodes, they are
 * taken to be what they would be now. */
#define LIFE_VERSION 4U
#define LIFE_VERSION_BEFORE_SIZE 3U
#define LIFE_VERSION_BEFORE_ORIGIN 2U
#define LIFE_SIZE 1024U
#define LAYOUT_NAME_MAX 64U

struct StateFiles {
        char* directory;
        int fd;        /* empty: it could not be made */
        bool complained;
};

/* ---- the life as text ---- */

typedef struct LifeKey {
        const char* name;
        size_t offset;
        size_t size; /* 1, 4 or 8 */
} LifeKey;

#define KEY(name, type, member) { name, offsetof(type, member), sizeof(((type*) NULL)->member) }

static const LifeKey node_keys[] = {
        KEY("STOP_REQUESTED", Node, stop_requested),
        KEY("SWEPT", Node, swept),
        KEY("ATTEMPTS", Node, backoff.attempts),
        KEY("DELAY", Node, backoff.delay),
        KEY("LAST_START", Node, backoff.last_start),
        KEY("DEADLINE", Node, deadline),
        KEY("PID", Node, pid),
        KEY("READY", Node, ready),
        KEY("RESTARTS", Node, n_restarts),
        KEY("HAS_EXITED", Node, has_exited),
        KEY("EXIT_CODE", Node, exit.code),
        KEY("EXIT_STATUS", Node, exit.status),
        KEY("STATE_SINCE", Node, state_since.realtime),
        KEY("STATE_SINCE_BOOTTIME", Node, state_since.boottime),
        KEY("STARTED", Node, started.realtime),
        KEY("STARTED_BOOTTIME", Node, started.boottime),
        KEY("NEXT_RESTART", Node, next_restart),
        KEY("ORDER_HASH", Node, order_hash),
        /* from version 3 on */
        KEY("EXIT_OUT_OF_MEMORY", Node, exit.out_of_memory),
};

#define N_KEYS_BEFORE_ORIGIN (ELEMENTSOF(node_keys) - 1)

static uint64_t get_number(const void* object, const LifeKey* key) {
        const char* at = (const char*) object + key->offset;
        uint32_t small;
        uint64_t large;

        if (key->size == 1)
                return *(const uint8_t*) at;
        if (key->size == 4) {
                memcpy(&small, at, sizeof small);
                return small;
        }
        memcpy(&large, at, sizeof large);
        return large;
}

static bool set_number(void* object, const LifeKey* key, uint64_t value) {
        char* at = (char*) object + key->offset;
        uint32_t small = (uint32_t) value;

        if (key->size == 1) {
                if (value > 1)
                        return false;
                *(bool*) at = value;
        } else if (key->size == 4) {
                if (value > UINT32_MAX)
                        return false;
                memcpy(at, &small, sizeof small);
        } else
                memcpy(at, &value, sizeof value);
        return true;
}

static void print_numbers(FILE* f, const void* object, const LifeKey* keys, size_t n) {
        for (size_t i = 0; i < n; i++)
                (void) fprintf(f, "%s=%llu\n", keys[i].name, (unsigned long long) get_number(object, &keys[i]));
}

static void life_to_text(const Node* node, char ret[LIFE_SIZE]) {
        FILE* f = fmemopen(ret, LIFE_SIZE, "w");
        long size;

        assert(f);
        (void) fprintf(f, "VERSION=%u\nORIGIN=%s\nLAYOUT=%s\nOUTDATED=%i\nPHASE=%s\nOUTCOME=%s\n", LIFE_VERSION,
                       node_origin_to_string(node->origin), node->layout ? node->layout : "", (int) node->outdated,
                       node_phase_to_string(node->phase), node_outcome_to_string(node->outcome));
        print_numbers(f, node, node_keys, ELEMENTSOF(node_keys));
        size = ftell(f);
        assert(size > 0 && (size_t) size < LIFE_SIZE);
        (void) fclose(f);
        memset(ret + size, '\n', LIFE_SIZE - (size_t) size);
}

/* The lines come in the order in which they are written: each is asked for by its name. */
static const char* next_value(char** text, const char* name) {
        size_t length = strlen(name);
        char* line = *text;
        char* end = strchr(line, '\n');

        if (!end || strncmp(line, name, length) != 0 || line[length] != '=')
                return NULL;
        *end = 0;
        *text = end + 1;
        return line + length + 1;
}

static bool read_numbers(char** text, void* object, const LifeKey* keys, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char* value = next_value(text, keys[i].name);
                uint64_t number;

                if (!value || parse_u64(value, &number) < 0 || !set_number(object, &keys[i], number))
                        return false;
        }
        return true;
}

static bool read_launch(char** text, Node* node) {
        const char *layout, *outdated;

        node->origin = node_origin_from_string(next_value(text, "ORIGIN"));
        layout = next_value(text, "LAYOUT");
        outdated = next_value(text, "OUTDATED");
        if (node->origin < 0 || !layout || strlen(layout) > LAYOUT_NAME_MAX || (*layout && !node_files_is_layout(layout)) || !outdated ||
            parse_bool(outdated, &node->outdated) < 0)
                return false;
        free_and_replace(node->layout, *layout ? xstrdup(layout) : NULL);
        return true;
}

static int life_from_text(char* text, size_t size, Node* node, bool* ret_knows_launch) {
        const char* value = next_value(&text, "VERSION");
        uint64_t version;

        if (!value || parse_u64(value, &version) < 0)
                return -EBADMSG;
        if (version < LIFE_VERSION_BEFORE_ORIGIN || version > LIFE_VERSION)
                return -EPROTONOSUPPORT;
        if (version > LIFE_VERSION_BEFORE_SIZE && size != LIFE_SIZE)
                return -EBADMSG;
        *ret_knows_launch = version > LIFE_VERSION_BEFORE_ORIGIN;
        if (*ret_knows_launch && !read_launch(&text, node))
                return -EBADMSG;

        node->phase = node_phase_from_string(next_value(&text, "PHASE"));
        node->outcome = node_outcome_from_string(next_value(&text, "OUTCOME"));
        if (node->phase <= PHASE_VOID || node->outcome < 0 ||
            !read_numbers(&text, node, node_keys, *ret_knows_launch ? ELEMENTSOF(node_keys) : N_KEYS_BEFORE_ORIGIN) ||
            text[strspn(text, "\n")])
                return -EBADMSG;
        /* what is on its way out or at rest is so for a reason */
        if (node->phase > PHASE_RUNNING && node->outcome == OUTCOME_NONE)
                return -EBADMSG;
        return 0;
}

/* ---- files ---- */

StateFiles* state_files_new(const char* runtime_directory) {
        StateFiles* f = xnew0(StateFiles);
        int r;

        f->directory = xasprintf("%s/state", runtime_directory);
        f->fd = -EBADF;
        r = directory_make(f->directory, 0700);
        if (r >= 0) {
                f->fd = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = f->fd < 0 ? -errno : 0;
        }
        if (r < 0)
                (void) log_warning_errno(r, "Failed to make %s, nodes cannot be remembered beyond a restart: %m",
                                         f->directory);
        return f;
}

StateFiles* state_files_free(StateFiles* f) {
        if (!f)
                return NULL;

        fd_close(f->fd);
        free(f->directory);
        free(f);
        return NULL;
}

static int written(StateFiles* f, const char* name, int r) {
        if (r < 0 && !f->complained)
                (void) log_error_errno(r, "Failed to write %s/%s; if the daemon ended now, the next one would know only what "
                                          "the stem and the scopes tell: %m",
                                       f->directory, name);
        f->complained = r < 0;
        return r;
}

void state_files_write_config(StateFiles* f, const NodeSpec* spec) {
        _cleanup_free_ char *file = xasprintf("%s%s", spec->name, CONFIG_SUFFIX), *text = NULL;

        if (f->fd >= 0 && node_spec_to_json(spec, NODE_JSON_AS_GIVEN, &text) >= 0)
                (void) written(f, file, file_write_atomic(f->fd, file, text, strlen(text), 0600));
}

void state_files_write_life(StateFiles* f, const Node* node, uint64_t* hash) {
        _cleanup_free_ char* file = xasprintf("%s%s", node->name, LIFE_SUFFIX);
        char text[LIFE_SIZE];
        uint64_t now;

        life_to_text(node, text);
        now = hash_bytes(HASH_BASIS, text, sizeof text);
        if (f->fd >= 0 && now != *hash && written(f, file, file_overwrite(f->fd, file, text, sizeof text)) >= 0)
                *hash = now;
}

KeptCounters* state_files_open_lines(StateFiles* f, const char* name, bool is_new) {
        _cleanup_free_ char* file = xasprintf("%s%s", name, LINES_SUFFIX);
        KeptCounters* kept = NULL;
        int r;

        if (f->fd < 0)
                return NULL;
        if (is_new)
                (void) unlinkat(f->fd, file, 0);
        r = line_counters_open(f->fd, file, &kept);
        if (r == -EBADMSG) {
                log_warning("%s/%s is damaged, counting lines of node \"%s\" anew", f->directory, file, name);
                (void) unlinkat(f->fd, file, 0);
                r = line_counters_open(f->fd, file, &kept);
        }
        if (r < 0 && !f->complained)
                (void) log_error_errno(r, "Failed to open %s/%s; the next daemon will count lines of node \"%s\" anew: %m",
                                       f->directory, file, name);
        f->complained = r < 0;
        return kept;
}

void state_files_remove(StateFiles* f, const char* name) {
        /* The other way round than they were written: where there is a configuration, there is the rest. */
        static const char* const suffixes[] = { CONFIG_SUFFIX, LIFE_SUFFIX, LINES_SUFFIX };

        for (size_t i = 0; f->fd >= 0 && i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char* file = xasprintf("%s%s", name, suffixes[i]);

                (void) unlinkat(f->fd, file, 0);
        }
}

static int load_config(StateFiles* f, const char* name, NodeSpec** ret) {
        _cleanup_free_ char* file = xasprintf("%s%s", name, CONFIG_SUFFIX);
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = NULL;
        _cleanup_free_ char* text = NULL;
        size_t size;
        int r;

        r = file_read(f->fd, file, NODE_JSON_SIZE_MAX, &text, &size);
        if (r < 0)
                return log_warning_errno(r, "Failed to read %s/%s: %m", f->directory, file);
        r = node_spec_from_json(text, size, &spec, &e);
        if (r < 0)
                return log_warning_errno(r, "The configuration in %s/%s is damaged: %s: %s", f->directory, file, e.key, e.why);
        if (strcmp(spec->name, name) != 0)
                return log_warning_errno(-EBADMSG, "The configuration in %s/%s is that of another node", f->directory, file);

        *ret = take_ptr(spec);
        return 0;
}

int state_files_read_life(StateFiles* f, Node* node, uint64_t* hash, bool* ret_knows_launch) {
        _cleanup_free_ char* file = xasprintf("%s%s", node->name, LIFE_SUFFIX);
        _cleanup_free_ char* text = NULL;
        uint64_t read = HASH_BASIS;
        int r = -ENOENT;
        size_t size;

        if (f->fd >= 0)
                r = file_read(f->fd, file, LIFE_SIZE_MAX, &text, &size);
        if (r >= 0) {
                read = hash_bytes(HASH_BASIS, text, size);
                r = life_from_text(text, size, node, ret_knows_launch);
        }
        if (r < 0) {
                /* it may be larger than what will be written there */
                if (f->fd >= 0)
                        (void) unlinkat(f->fd, file, 0);
                *ret_knows_launch = false;
                node->origin = NODE_RUNTIME;
                node_lose(node);
                return log_warning_errno(r, "Failed to make sense of %s/%s, going by the stem and the scopes: %m",
                                         f->directory, file);
        }
        *hash = read;
        return 0;
}

/* The name of the node whose file this is; NULL: it is no such file. */
static char* node_of_file(const char* file, const char* suffix) {
        size_t length = strlen(file), suffix_length = strlen(suffix);

        if (length <= suffix_length || strcmp(file + length - suffix_length, suffix) != 0)
                return NULL;

        _cleanup_free_ char* name = xstrndup(file, length - suffix_length);
        _cleanup_free_ char* why = node_name_check(name);
        return why ? NULL : take_ptr(name);
}

static bool is_leftover(const StateFiles* f, const char* file) {
        static const char* const suffixes[] = { LIFE_SUFFIX, LINES_SUFFIX };

        if (file_is_temporary(file))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char* name = node_of_file(file, suffixes[i]);
                _cleanup_free_ char* config = name ? xasprintf("%s%s", name, CONFIG_SUFFIX) : NULL;

                if (config && faccessat(f->fd, config, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                        return true;
        }
        return false;
}

void state_files_load(StateFiles* f, void (*found)(const char* name, NodeSpec* spec, void* userdata), void* userdata) {
        struct dirent* entry;
        DIR* directory;

        if (f->fd < 0)
                return;
        directory = opendir(f->directory);
        if (!directory) {
                (void) log_warning_errno(-errno, "Failed to list %s: %m", f->directory);
                return;
        }

        while ((entry = readdir(directory))) {
                _cleanup_free_ char* name = node_of_file(entry->d_name, CONFIG_SUFFIX);
                _cleanup_node_spec_ NodeSpec* spec = NULL;

                if (name) {
                        (void) load_config(f, name, &spec);
                        found(name, spec, userdata);
                } else if (is_leftover(f, entry->d_name))
                        (void) unlinkat(f->fd, entry->d_name, 0);
        }
        (void) closedir(directory);
}
