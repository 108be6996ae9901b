/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/ini.h"
#include "config/seccomp-profile.h"
#include "config/word-list.h"
#include "util/strv.h"

#define SECTION "Seccomp"

/* What a list that began with a ~ is, and one that did not. */
typedef enum ListKind {
        LIST_NONE, /* nothing was assigned */
        LIST_THESE,
        LIST_ALL_BUT_THESE,
} ListKind;

/* What the file says of a call: a verdict, or one of these. */
#define CALL_NOT_LISTED (VERDICT_LOG - 1)
#define CALL_LISTED (VERDICT_LOG - 2)

/* A file as far as it was read. */
typedef struct Draft {
        SeccompProfile* profile;
        const char* file;
        Diagnostics* d;
        bool has_section;
        int refusal;

        ListKind filter, log, families;
        int calls[SYSCALLS];
        bool logged[SYSCALLS];
        bool family[ADDRESS_FAMILY_MAX];
} Draft;

static void refuse(Draft* draft, const IniItem* item, const char* format, ...) _printf_(3, 4);

/* The first problem is the profile's. item may be NULL: the file as a whole. */
static void refuse(Draft* draft, const IniItem* item, const char* format, ...) {
        Diagnostic first = { .file = (char*) draft->file,
                             .line = item ? item->line : 0,
                             .column = item && item->kind == INI_ASSIGNMENT ? item->column : 0 };
        _cleanup_free_ char* text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);

        diagnostics_add_at(draft->d, first.file, first.line, first.column, "%s", text);
        first.text = text;
        if (!draft->profile->problem)
                draft->profile->problem = diagnostic_to_string(&first);
}

/* ---- lists of calls ---- */

/* Marks what a word means: a call or all of a group. */
static bool mark_calls(Draft* draft, const IniItem* item, const char* word, bool marks[SYSCALLS]) {
        size_t call;

        if (word[0] == '@') {
                if (syscall_group_mark(word, marks))
                        return true;
                refuse(draft, item, "%s=: there is no group of system calls '%s'", item->key, word);
                return false;
        }
        call = syscall_find(word);
        if (call == SIZE_MAX) {
                refuse(draft, item, "%s=: there is no system call '%s'", item->key, word);
                return false;
        }
        marks[call] = true;
        return true;
}

/* "~a b": the words, and whether there was a ~. NULL if there is something wrong with them. */
static char** split_list(Draft* draft, const IniItem* item, bool* ret_inverted) {
        bool inverted = item->value[0] == '~';
        char** words = NULL;
        int r = word_list_split(item->value + inverted, &words);

        if (r < 0) {
                refuse(draft, item, "%s= %s", item->key,
                       r == -E2BIG ? "has too many words" : "has a quote that is not closed, or an escape that is not known");
                return NULL;
        }
        *ret_inverted = inverted;
        return words;
}

static ListKind kind_of(bool inverted) {
        return inverted ? LIST_ALL_BUT_THESE : LIST_THESE;
}

/* As in systemd: without these no program starts, sleeps or ends. */
static void begin_filter(Draft* draft, ListKind kind) {
        bool always[SYSCALLS] = {};

        draft->filter = kind;
        if (kind != LIST_THESE)
                return;
        (void) syscall_group_mark("@default", always);
        for (size_t i = 0; i < SYSCALLS; i++)
                if (always[i])
                        draft->calls[i] = CALL_LISTED;
}

static void clear_filter(Draft* draft) {
        draft->filter = LIST_NONE;
        for (size_t i = 0; i < SYSCALLS; i++)
                draft->calls[i] = CALL_NOT_LISTED;
}

static void filter_word(Draft* draft, const IniItem* item, char* word, bool adds) {
        int verdict = adds ? CALL_LISTED : CALL_NOT_LISTED;
        char* colon = strchr(word, ':');
        bool marks[SYSCALLS] = {};

        if (colon) {
                *colon = 0;
                if (verdict_from_string(colon + 1, &verdict) < 0) {
                        refuse(draft, item, "%s=: '%s' is no errno, nor kill, log or allow", item->key, colon + 1);
                        return;
                }
        }
        if (!mark_calls(draft, item, word, marks))
                return;
        for (size_t i = 0; i < SYSCALLS; i++)
                if (marks[i])
                        draft->calls[i] = verdict;
}

static void take_filter(Draft* draft, const IniItem* item) {
        _cleanup_strv_free_ char** words = NULL;
        bool inverted = false;

        if (!*item->value) {
                clear_filter(draft);
                return;
        }
        words = split_list(draft, item, &inverted);
        if (words && draft->filter == LIST_NONE)
                begin_filter(draft, kind_of(inverted));
        STRV_FOREACH(word, words)
                filter_word(draft, item, *word, kind_of(inverted) == draft->filter);
}

static void take_log(Draft* draft, const IniItem* item) {
        _cleanup_strv_free_ char** words = NULL;
        bool inverted = false;

        if (!*item->value) {
                draft->log = LIST_NONE;
                memset(draft->logged, 0, sizeof draft->logged);
                return;
        }
        words = split_list(draft, item, &inverted);
        if (words && draft->log == LIST_NONE)
                draft->log = kind_of(inverted);
        STRV_FOREACH(word, words) {
                bool marks[SYSCALLS] = {};

                if (!mark_calls(draft, item, *word, marks))
                        continue;
                for (size_t i = 0; i < SYSCALLS; i++)
                        if (marks[i])
                                draft->logged[i] = kind_of(inverted) == draft->log;
        }
}

/* ---- other values ---- */

static void take_refusal(Draft* draft, const IniItem* item) {
        int verdict = EPERM;

        if (*item->value && (verdict_from_string(item->value, &verdict) < 0 || verdict == VERDICT_ALLOW))
                refuse(draft, item, "%s= must be the name of an errno, kill or log", item->key);
        else
                draft->refusal = verdict;
}

static void take_families(Draft* draft, const IniItem* item) {
        _cleanup_strv_free_ char** words = NULL;
        bool inverted = false;

        if (!*item->value || strcmp(item->value, "none") == 0) {
                draft->families = *item->value ? LIST_THESE : LIST_NONE;
                memset(draft->family, 0, sizeof draft->family);
                return;
        }
        words = split_list(draft, item, &inverted);
        if (words && draft->families == LIST_NONE)
                draft->families = kind_of(inverted);
        STRV_FOREACH(word, words) {
                int family = address_family_from_string(*word);

                if (family < 0)
                        refuse(draft, item, "%s=: there is no address family '%s'", item->key, *word);
                else
                        draft->family[family] = kind_of(inverted) == draft->families;
        }
}

/* systemd's word and libseccomp's. */
static const struct {
        const char* word;
        const char* name; /* NULL: the machine's own, which is always there */
} architectures[] = {
        { "native", NULL },         { "x86", "x86" },           { "x86-64", "x86_64" },     { "x32", "x32" },
        { "arm", "arm" },           { "arm64", "aarch64" },     { "mips", "mips" },         { "mips-le", "mipsel" },
        { "mips64", "mips64" },     { "mips64-le", "mipsel64" }, { "mips64-n32", "mips64n32" },
        { "mips64-le-n32", "mipsel64n32" }, { "parisc", "parisc" }, { "parisc64", "parisc64" }, { "ppc", "ppc" },
        { "ppc64", "ppc64" },       { "ppc64-le", "ppc64le" },  { "riscv64", "riscv64" },   { "s390", "s390" },
        { "s390x", "s390x" },
};

static void take_architecture(Draft* draft, const IniItem* item, const char* word) {
        char*** names = &draft->profile->architectures;

        for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                if (strcmp(architectures[i].word, word) == 0) {
                        if (architectures[i].name && !strv_contains(*names, architectures[i].name))
                                strv_extend(names, architectures[i].name);
                        return;
                }
        refuse(draft, item, "%s=: there is no architecture '%s'", item->key, word);
}

static void take_architectures(Draft* draft, const IniItem* item) {
        _cleanup_strv_free_ char** words = NULL;
        bool inverted = false;

        if (!*item->value) {
                strv_free(take_ptr(draft->profile->architectures));
                return;
        }
        words = split_list(draft, item, &inverted);
        if (inverted)
                refuse(draft, item, "%s= is no list that a ~ can turn round", item->key);
        STRV_FOREACH(word, words)
                take_architecture(draft, item, *word);
}

/* ---- files ---- */

static const struct {
        const char* name;
        void (*take)(Draft* draft, const IniItem* item);
} keys[] = {
        { "SystemCallFilter", take_filter },
        { "SystemCallErrorNumber", take_refusal },
        { "SystemCallLog", take_log },
        { "SystemCallArchitectures", take_architectures },
        { "RestrictAddressFamilies", take_families },
};

/* Names that begin with X- are other programs', as in unit files. */
static bool is_foreign(const char* name) {
        return strncmp(name, "X-", 2) == 0;
}

static void assign(Draft* draft, const IniItem* item) {
        if (strcmp(item->section, SECTION) != 0 || is_foreign(item->key))
                return;
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (strcmp(keys[i].name, item->key) == 0) {
                        keys[i].take(draft, item);
                        return;
                }
        refuse(draft, item, "Unknown key '%s=' in section [%s]", item->key, item->section);
}

static void read_items(Draft* draft, IniReader* reader) {
        IniItem item;

        while (ini_reader_next(reader, &item))
                switch (item.kind) {
                case INI_SECTION:
                        if (strcmp(item.section, SECTION) == 0)
                                draft->has_section = true;
                        else if (!is_foreign(item.section))
                                refuse(draft, &item, "Unknown section [%s]", item.section);
                        break;
                case INI_ASSIGNMENT:
                        assign(draft, &item);
                        break;
                case INI_PROBLEM:
                        refuse(draft, &item, "%s", item.problem);
                        break;
                }
        if (!draft->has_section)
                refuse(draft, NULL, "Has no section [%s]", SECTION);
}

/* ---- what it amounts to ---- */

static int judge(const Draft* draft, size_t call) {
        bool is_logged = draft->log != LIST_NONE && draft->logged[call] == (draft->log == LIST_THESE);
        int verdict = draft->calls[call];

        if (verdict == CALL_LISTED)
                verdict = draft->filter == LIST_THESE ? VERDICT_ALLOW : draft->refusal;
        else if (verdict == CALL_NOT_LISTED)
                verdict = draft->filter == LIST_THESE ? draft->refusal : VERDICT_ALLOW;
        return verdict == VERDICT_ALLOW && is_logged ? VERDICT_LOG : verdict;
}

static int compare_strings(const void* a, const void* b) {
        return strcmp(*(char* const*) a, *(char* const*) b);
}

static char* write_calls(const SeccompProfile* profile) {
        _cleanup_free_ char* others = verdict_to_string(profile->other_calls);
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        assert(f);
        (void) fputs(others, f);
        for (size_t i = 0; i < SYSCALLS; i++) {
                _cleanup_free_ char* verdict = verdict_to_string(profile->verdicts[i]);

                if (profile->verdicts[i] != profile->other_calls)
                        (void) fprintf(f, " %s:%s", syscall_name(i), verdict);
        }
        (void) fclose(f);
        return text;
}

static void finish(Draft* draft) {
        SeccompProfile* profile = draft->profile;

        profile->other_calls = draft->filter == LIST_THESE      ? ENOSYS :
                               draft->log == LIST_ALL_BUT_THESE ? VERDICT_LOG :
                                                                  VERDICT_ALLOW;
        for (size_t i = 0; i < SYSCALLS; i++)
                profile->verdicts[i] = judge(draft, i);
        profile->calls = write_calls(profile);

        profile->restricts_families = draft->families != LIST_NONE;
        for (size_t i = 0; i < ADDRESS_FAMILY_MAX; i++)
                profile->families[i] = draft->family[i] == (draft->families == LIST_THESE);

        if (profile->architectures)
                qsort(profile->architectures, strv_length(profile->architectures), sizeof(char*), compare_strings);
}

static SeccompProfile* profile_new(const char* name) {
        SeccompProfile* profile = xnew0(SeccompProfile);

        profile->name = xstrdup(name);
        return profile;
}

SeccompProfile* seccomp_profile_free(SeccompProfile* profile) {
        if (!profile)
                return NULL;

        free(profile->name);
        free(profile->problem);
        strv_free(profile->architectures);
        free(profile->calls);
        free(profile);
        return NULL;
}

/* r: what became of opening it. */
static SeccompProfile* read_profile(const char* name, const char* file, IniReader* reader, int r, Diagnostics* d) {
        _cleanup_free_ Draft* draft = xnew0(Draft);

        *draft = (Draft) { .profile = profile_new(name), .file = file, .d = d, .refusal = EPERM };
        clear_filter(draft);
        if (r >= 0)
                read_items(draft, reader);
        else
                refuse(draft, NULL, "Cannot be read: %s", r == -EBADFD ? "It is not a regular file" : strerror(-r));
        if (!draft->profile->problem)
                finish(draft);
        return draft->profile;
}

SeccompProfile* seccomp_profile_parse(const char* name, const char* file, const char* text, size_t size, Diagnostics* d) {
        _cleanup_ini_reader_ IniReader reader = {};
        int r = ini_reader_init(&reader, INI_SYNTAX_SYSTEMD, text, size);

        return read_profile(name, file, &reader, r, d);
}

SeccompProfile* seccomp_profile_load(const char* name, const char* file, Diagnostics* d) {
        _cleanup_ini_reader_ IniReader reader = {};
        int r = ini_reader_open(&reader, file);

        return read_profile(name, file, &reader, r, d);
}
