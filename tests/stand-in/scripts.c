/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stand-in/script-checker.h"
#include "stand-in/scripts.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/strv.h"

/* Scripts that come with Zeek. The first entry that fits decides; a name that ends in a slash stands for all
 * below it. ZEEKPATH of an installed Zeek has its policy directory, so "policy/" may be left out. */
static const struct {
        const char* name;
        unsigned since;
        const char* backend;
} builtin_scripts[] = {
        { "policy/frameworks/cluster/backend/zeromq", ZEEK_SERIES(7, 1), "ZEROMQ" },
        { "policy/frameworks/cluster/backend/zeromq/", ZEEK_SERIES(7, 1), "ZEROMQ" },
        { "policy/frameworks/cluster/backend/broker", ZEEK_SERIES(8, 1), "BROKER" },
        { "policy/frameworks/cluster/backend/broker/", ZEEK_SERIES(8, 1), "BROKER" },
        { "policy/frameworks/cluster/backend/", ZEEK_SERIES_NONE, NULL },
        { "policy/frameworks/cluster/websocket/", ZEEK_SERIES(7, 1), NULL },
        { "policy/frameworks/telemetry/prometheus", ZEEK_SERIES(7, 0), NULL },
        { "policy/misc/systemd-generator", ZEEK_SERIES(8, 1), NULL },
        { "local", ZEEK_SERIES_ANY, NULL },
        { "base/", ZEEK_SERIES_ANY, NULL },
        { "policy/", ZEEK_SERIES_ANY, NULL },
};

static const char* const policy_directories[] = {
        "files/", "frameworks/", "integration/", "misc/", "protocols/", "tuning/",
};

void scripts_init(Scripts* scripts, const Version* version, Settings* settings) {
        *scripts = (Scripts) { .version = version, .settings = settings };
        scripts->world = (ScriptWorld) { .node_name = "", .settings = settings };
}

void scripts_done(Scripts* scripts) {
        scripts->loaded = strv_free(scripts->loaded);
}

static bool is_file(const char* path) {
        struct stat st;

        return stat(path, &st) >= 0 && S_ISREG(st.st_mode);
}

/* PATH.EXTENSION, PATH, or __load__.EXTENSION in the directory PATH. */
static char* find_at(const char* path, const char* extension) {
        _cleanup_free_ char* with_extension = xasprintf("%s.%s", path, extension);
        _cleanup_free_ char* package = xasprintf("%s/__load__.%s", path, extension);

        if (is_file(with_extension))
                return take_ptr(with_extension);
        if (is_file(path))
                return xstrdup(path);
        if (is_file(package))
                return take_ptr(package);
        return NULL;
}

char* script_find(const char* name, const char* extension, const char* directory) {
        _cleanup_strv_free_ char** directories = NULL;
        const char* zeekpath = getenv("ZEEKPATH");

        if (*name == '/')
                return find_at(name, extension);
        if (strncmp(name, "./", 2) == 0 || strncmp(name, "../", 3) == 0) {
                _cleanup_free_ char* path = xasprintf("%s/%s", directory, name);

                return find_at(path, extension);
        }

        directories = strv_split(zeekpath ? zeekpath : ".", ":");
        STRV_FOREACH(d, directories) {
                _cleanup_free_ char* path = xasprintf("%s/%s", *d, name);
                char* found = find_at(path, extension);

                if (found)
                        return found;
        }
        return NULL;
}

/* The name as the table has it: without an extension, without __load__, with policy/ in front. */
static char* canonical_name(const char* name) {
        static const char* const endings[] = { ".zeek", "/__load__" };
        _cleanup_free_ char* canonical = xstrdup(name);

        for (size_t i = 0; i < ELEMENTSOF(endings); i++) {
                size_t length = strlen(canonical), ending = strlen(endings[i]);

                if (length > ending && strcmp(canonical + length - ending, endings[i]) == 0)
                        canonical[length - ending] = 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(policy_directories); i++)
                if (strncmp(canonical, policy_directories[i], strlen(policy_directories[i])) == 0)
                        return xasprintf("policy/%s", canonical);
        return take_ptr(canonical);
}

static bool is_builtin(Scripts* scripts, const char* name) {
        _cleanup_free_ char* canonical = canonical_name(name);

        for (size_t i = 0; i < ELEMENTSOF(builtin_scripts); i++) {
                const char* known = builtin_scripts[i].name;
                size_t length = strlen(known);

                if (known[length - 1] == '/' ? strncmp(canonical, known, length) != 0 :
                                               strcmp(canonical, known) != 0)
                        continue;
                if (!version_has(scripts->version, builtin_scripts[i].since, ZEEK_SERIES_NONE))
                        return false;
                if (builtin_scripts[i].backend)
                        scripts->backend = builtin_scripts[i].backend;
                return true;
        }
        return false;
}

static int read_stdin(char** ret, size_t* ret_size) {
        _cleanup_free_ char* text = xcalloc(SCRIPT_SIZE_MAX + 1, 1);
        size_t size = 0;

        for (;;) {
                ssize_t n = read(STDIN_FILENO, text + size, SCRIPT_SIZE_MAX - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        *ret = take_ptr(text);
        *ret_size = size;
        return 0;
}

static int load_file(Scripts* scripts, const char* path, const Location* where) {
        _cleanup_free_ char* resolved = realpath(path, NULL);
        _cleanup_free_ char* text = NULL;
        size_t size = 0;
        int r;

        if (resolved && strv_contains(scripts->loaded, resolved))
                return 0;
        if (scripts->nesting >= SCRIPT_NESTING_MAX || strv_length(scripts->loaded) >= SCRIPTS_MAX)
                return report_fatal(where, "too many scripts at %s", path);

        r = file_read(AT_FDCWD, path, SCRIPT_SIZE_MAX, &text, &size);
        if (r < 0)
                return report_fatal(where, "can't open %s: %s", path, strerror(-r));
        if (resolved)
                strv_extend(&scripts->loaded, resolved);

        scripts->nesting++;
        r = script_check(scripts, path, text, size);
        scripts->nesting--;
        return r;
}

int scripts_load(Scripts* scripts, const char* name, const Location* where) {
        _cleanup_free_ char* directory = NULL;
        _cleanup_free_ char* path = NULL;
        const char* slash = where ? strrchr(where->file, '/') : NULL;

        if (strcmp(name, "-") == 0) {
                _cleanup_free_ char* text = NULL;
                size_t size = 0;
                int r = read_stdin(&text, &size);

                return r < 0 ? report_fatal(NULL, "can't read stdin: %s", strerror(-r)) :
                               script_check(scripts, "<stdin>", text, size);
        }

        directory = slash ? xstrndup(where->file, (size_t) (slash - where->file)) : xstrdup(".");
        path = script_find(name, "zeek", *directory ? directory : "/");

        /* also where there is a file: Zeek's own one selects a backend like the one that is not there */
        bool builtin = is_builtin(scripts, name);
        if (path)
                return load_file(scripts, path, where);
        if (builtin)
                return 0;
        return report_fatal(where, "can't find %s", name);
}

int scripts_load_text(Scripts* scripts, const char* file, const char* text) {
        return script_check(scripts, file, text, strlen(text));
}

static bool is_variable_name(const char* name, size_t length) {
        Token token;
        Lexer lexer;

        lexer_init(&lexer, name, length);
        token = lexer_next(&lexer);
        return token.type == TOKEN_IDENTIFIER && token.length == length;
}

int scripts_set(Scripts* scripts, const char* assignment) {
        static const Location params = { .file = "<params>", .line = 1 };
        const char* equals = strchr(assignment, '=');
        size_t length = (size_t) (equals - assignment);
        _cleanup_free_ char* name = xstrndup(assignment, length);
        _cleanup_free_ char* value = xstrdup(equals + 1);

        /* as Zeek does: an empty value changes nothing */
        if (!*value)
                return 0;
        if (!is_variable_name(name, length))
                return report_error(&params, "syntax error, at or near \"%s\"", name);

        size_t end = strlen(value) - 1;
        if (end > 0 && value[0] == '"' && value[end] == '"') {
                value[end] = 0;
                settings_put(scripts->settings, name, value + 1);
        } else
                settings_put(scripts->settings, name, value);
        return 0;
}
