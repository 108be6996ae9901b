/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/hook-file.h"
#include "config/hook-key.h"
#include "config/ini.h"
#include "config/search-path.h"
#include "config/word-list.h"
#include "core/role.h"
#include "util/strv.h"

#define SECTION "Hook"
#define SUBDIRECTORY "hooks.d"

static_assert(SEARCH_PATH_FILES_MAX >= HOOKS_MAX, "all runtime hooks fit into one directory");

/* A file as far as it was read. */
typedef struct Draft {
        Hook* hook;
        const char* file;
        Diagnostics* d;
        bool has_section;
        bool is_lost;       /* something is wrong that no later assignment puts right */
        uint32_t wrong;     /* bit n: so is a value of hook_keys[n], until the key is taken back or has a good one */
        unsigned exec_line, timeout_line; /* of the assignment that counts; 0: there is none */
} Draft;

static_assert(HOOK_KEYS <= 32, "what is wrong is remembered in 32 bits");

/* ---- assignments ---- */

static bool is_list(const HookKey* key) {
        return key->kind == HOOK_KEY_WORDS || key->kind == HOOK_KEY_FIELDS || key->kind == HOOK_KEY_PATTERNS;
}

static uint32_t key_bit(const HookKey* key) {
        return UINT32_C(1) << (key - hook_keys);
}

static void refuse(Draft* draft, const HookKey* key, const IniItem* item, const char* why) {
        diagnostics_add_at(draft->d, draft->file, item->line, item->column, "%s= %s", key->name, why);
        if (!key->can_be_missing)
                draft->wrong |= key_bit(key);
}

static void take(Draft* draft, const HookKey* key, const IniItem* item, const char* value) {
        _cleanup_free_ char* why = key->take(draft->hook, value);

        if (why)
                refuse(draft, key, item, why);
        else if (!is_list(key))
                draft->wrong &= ~key_bit(key);
}

static void take_words(Draft* draft, const HookKey* key, const IniItem* item) {
        _cleanup_strv_free_ char** words = NULL;
        int r = word_list_split(item->value, &words);

        if (r == -E2BIG)
                refuse(draft, key, item, "has too many words");
        else if (r < 0)
                refuse(draft, key, item, "has a quote that is not closed, or an escape that is not known");
        STRV_FOREACH(word, words)
                take(draft, key, item, *word);
}

static void take_pattern(Draft* draft, const HookKey* key, const IniItem* item) {
        size_t n = draft->hook->n_patterns;

        take(draft, key, item, item->value);
        if (draft->hook->n_patterns > n) {
                draft->hook->patterns[n].line = item->line;
                draft->hook->patterns[n].column = item->column;
        }
}

/* Names that begin with X- are other programs', as in unit files. */
static bool is_foreign(const char* name) {
        return strncmp(name, "X-", 2) == 0;
}

static void assign(Draft* draft, const IniItem* item) {
        const HookKey* key;

        if (strcmp(item->section, SECTION) != 0 || is_foreign(item->key))
                return;
        key = hook_key_find(item->key);
        if (!key) {
                diagnostics_add(draft->d, draft->file, item->line, "Unknown key '%s=' in section [%s]", item->key,
                                item->section);
                draft->is_lost = true;
                return;
        }

        if (strcmp(key->name, "Exec") == 0)
                draft->exec_line = *item->value ? item->line : 0;
        if (strcmp(key->name, "TimeoutSec") == 0)
                draft->timeout_line = *item->value ? item->line : 0;

        if (!*item->value) {
                key->clear(draft->hook);
                draft->wrong &= ~key_bit(key);
        } else if (key->kind == HOOK_KEY_PATTERNS)
                take_pattern(draft, key, item);
        else if (is_list(key))
                take_words(draft, key, item);
        else
                take(draft, key, item, item->value);
}

/* ---- files ---- */

static void read_items(Draft* draft, IniReader* reader) {
        IniItem item;

        while (ini_reader_next(reader, &item))
                switch (item.kind) {
                case INI_SECTION:
                        if (strcmp(item.section, SECTION) == 0)
                                draft->has_section = true;
                        else if (!is_foreign(item.section)) {
                                diagnostics_add(draft->d, draft->file, item.line, "Unknown section [%s]", item.section);
                                draft->is_lost = true;
                        }
                        break;
                case INI_ASSIGNMENT:
                        assign(draft, &item);
                        break;
                case INI_PROBLEM:
                        diagnostics_add(draft->d, draft->file, item.line, "%s, ignoring %s", item.problem, item.what_is_lost);
                        draft->is_lost = true;
                        break;
                }
}

/* What is wrong with patterns does not count as long as there is another: with one less the hook matches less. */
static bool is_too_wide(const Draft* draft) {
        uint32_t wrong = draft->wrong;

        if (draft->hook->n_patterns > 0)
                wrong &= ~key_bit(hook_key_find("Match"));
        return draft->is_lost || wrong != 0;
}

/* Is it a hook? */
static bool finish(Draft* draft) {
        _cleanup_free_ char* why = hook_check(draft->hook);

        if (!draft->has_section) {
                diagnostics_add(draft->d, draft->file, 0, "Has no section [%s], the hook is out of force", SECTION);
                return false;
        }
        if (is_too_wide(draft)) {
                diagnostics_add(draft->d, draft->file, 0,
                                "The hook is out of force: without what is wrong in it, it could apply to lines that are "
                                "not meant");
                return false;
        }
        if (why) {
                diagnostics_add(draft->d, draft->file, draft->exec_line,
                                "Exec= and Action= exclude each other, %s; the hook is out of force", why);
                return false;
        }

        if (!hook_has_effect(draft->hook))
                diagnostics_add(draft->d, draft->file, 0,
                                "The hook does nothing but count lines: it has no Action=, Priority=, SetField= or Exec=");
        if (draft->timeout_line > 0 && !draft->hook->exec)
                diagnostics_add(draft->d, draft->file, draft->timeout_line, "TimeoutSec= means nothing without Exec=");
        return true;
}

static Hook* read_hook(const char* name, const char* source, const char* file, IniReader* reader, Diagnostics* d) {
        _cleanup_hook_ Hook* hook = hook_new(name, source);
        Draft draft = { .hook = hook, .file = file, .d = d };

        read_items(&draft, reader);
        return finish(&draft) ? take_ptr(hook) : NULL;
}

Hook* hook_parse(const char* name, const char* source, const char* file, const char* text, size_t size, Diagnostics* d) {
        _cleanup_ini_reader_ IniReader reader = {};

        if (ini_reader_init(&reader, INI_SYNTAX_SYSTEMD, text, size) < 0) {
                diagnostics_add(d, file, 0, "Is larger than %u bytes, the hook is out of force", INI_FILE_MAX);
                return NULL;
        }
        return read_hook(name, source, file, &reader, d);
}

/* ---- lists ---- */

void hook_list_done(HookList* list) {
        for (size_t i = 0; i < list->n; i++)
                hook_unref(list->items[i]);
        free(list->items);
        *list = (HookList) {};
}

/* source is NULL where it is the file. */
static void load_file(HookList* list, const char* path, const char* source, Diagnostics* d) {
        const char* file_name = strrchr(path, '/') + 1;
        _cleanup_free_ char* name = xstrndup(file_name, strlen(file_name) - strlen(HOOK_FILE_SUFFIX));
        _cleanup_free_ char* why = hook_name_check(name);
        _cleanup_ini_reader_ IniReader reader = {};
        Hook* hook;
        int r;

        if (why) {
                diagnostics_add(d, path, 0, "The name of a hook %s; the hook is out of force", why);
                return;
        }
        r = ini_reader_open(&reader, path);
        if (r < 0) {
                errno = -r;
                diagnostics_add(d, path, 0, "Cannot be read, the hook is out of force: %m");
                return;
        }

        hook = read_hook(name, source ? source : path, path, &reader, d);
        if (hook) {
                GROW(list->items, list->n, list->allocated);
                list->items[list->n++] = hook;
        }
}

/* The runtime hooks, but for those whose name a file has, whether it is in force or not: who writes a file means it. */
static void load_runtime_hooks(HookList* list, const char* directory, char* const* files, Diagnostics* d) {
        const char* slash = strrchr(directory, '/');
        _cleanup_strv_free_ char **parent = NULL, **names = NULL, **paths = NULL;

        strv_consume(&parent, xstrndup(directory, (size_t) (slash - directory)));
        paths = search_path_list(parent, slash + 1, HOOK_FILE_SUFFIX, d);
        STRV_FOREACH(file, files)
                strv_extend(&names, strrchr(*file, '/') + 1);
        STRV_FOREACH(path, paths)
                if (strv_contains(names, strrchr(*path, '/') + 1))
                        diagnostics_add(d, *path, 0, "There is a file for a hook of this name, ignoring the runtime hook");
                else
                        load_file(list, *path, HOOK_SOURCE_RUNTIME, d);
}

static int compare_hooks(const void* a, const void* b) {
        return hook_name_compare((*(Hook* const*) a)->name, (*(Hook* const*) b)->name);
}

static void keep_limits(HookList* list, Diagnostics* d) {
        HookTotals totals = {};
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++) {
                Hook* hook = list->items[i];
                _cleanup_free_ char* why = hook_totals_add(&totals, hook);

                if (why) {
                        diagnostics_add(d, hook->source, 0, "Hook '%s' is out of force: %s", hook->name, why);
                        hook_unref(hook);
                } else
                        list->items[n++] = hook;
        }
        list->n = n;
}

void hook_list_load(HookList* list, char* const* directories, const char* runtime_directory, Diagnostics* d) {
        _cleanup_strv_free_ char** files = search_path_list(directories, SUBDIRECTORY, HOOK_FILE_SUFFIX, d);

        assert(list->n == 0);
        STRV_FOREACH(file, files)
                load_file(list, *file, NULL, d);
        if (runtime_directory)
                load_runtime_hooks(list, runtime_directory, files, d);
        if (list->n > 0)
                qsort(list->items, list->n, sizeof(Hook*), compare_hooks);
        keep_limits(list, d);
}

/* ---- writing ---- */

/* In quotes, with escapes for what would end them or the line. */
static void write_word(FILE* f, const char* word) {
        (void) fputc('"', f);
        for (const unsigned char* p = (const unsigned char*) word; *p; p++)
                if (*p == '"' || *p == '\\')
                        (void) fprintf(f, "\\%c", *p);
                else if (*p < 0x20 || *p == 0x7f)
                        (void) fprintf(f, "\\x%02x", *p);
                else
                        (void) fputc(*p, f);
        (void) fputc('"', f);
}

static void write_words(FILE* f, const char* key, char* const* words) {
        if (!words)
                return;
        (void) fprintf(f, "%s=", key);
        STRV_FOREACH(word, words) {
                if (word != words)
                        (void) fputc(' ', f);
                write_word(f, *word);
        }
        (void) fputc('\n', f);
}

static void write_narrowing(FILE* f, const Hook* hook) {
        for (Stream stream = 0; stream < _STREAM_MAX; stream++)
                if (hook->streams == 1U << stream)
                        (void) fprintf(f, "Stream=%s\n", stream_to_string(stream));
        write_words(f, "Node", hook->nodes);
        for (Role role = 0; role < _ROLE_MAX; role++)
                if (hook->roles & 1U << role)
                        (void) fprintf(f, "Role=%s\n", role_to_string(role));
        for (size_t i = 0; i < hook->n_patterns; i++)
                (void) fprintf(f, "Match=%s\n", hook->patterns[i].text);
}

char* hook_to_text(const Hook* hook) {
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        (void) fputs("[" SECTION "]\n", f);
        write_narrowing(f, hook);
        if (hook->action != HOOK_GO_ON)
                (void) fprintf(f, "Action=%s\n", hook_action_to_string(hook->action));
        if (hook->priority >= 0)
                (void) fprintf(f, "Priority=%i\n", hook->priority);
        for (size_t i = 0; i < hook->n_fields; i++) {
                _cleanup_free_ char* assignment = xasprintf("%s=%s", hook->fields[i].name, hook->fields[i].value);

                (void) fputs("SetField=", f);
                write_word(f, assignment);
                (void) fputc('\n', f);
        }
        write_words(f, "Exec", hook->exec);
        if (hook->timeout_usec != HOOK_TIMEOUT_USEC_DEFAULT)
                (void) fprintf(f, "TimeoutSec=%lluus\n", (unsigned long long) hook->timeout_usec);
        (void) fclose(f);
        return text;
}
