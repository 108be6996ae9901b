/* SPDX-License-Identifier: BSD-3-Clause */
#include <fnmatch.h>
#include <string.h>

#include "output/hook.h"
#include "output/journal-entry.h"
#include "util/escape.h"
#include "util/strv.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char* const hook_action_table[_HOOK_ACTION_MAX] = {
        [HOOK_GO_ON] = "",
        [HOOK_SUPPRESS] = "suppress",
        [HOOK_PASS] = "pass",
};

DEFINE_ENUM_TABLE(hook_action, HookAction)

/* ---- names ---- */

char* hook_name_check(const char* name) {
        _cleanup_free_ char* quoted = escape_bytes(name, strlen(name), HOOK_NAME_MAX);

        if (!*name)
                return xstrdup("must not be empty");
        if (strlen(name) > HOOK_NAME_MAX)
                return xasprintf("must not be longer than %u characters", HOOK_NAME_MAX);
        if (name[0] == '.' || name[0] == '-')
                return xasprintf("must not begin with '%c': '%s'", name[0], quoted);
        if (name[strspn(name, LETTERS_AND_DIGITS "_.-")])
                return xasprintf("may hold only letters, digits, '_', '.' and '-': '%s'", quoted);
        return NULL;
}

int hook_name_compare(const char* a, const char* b) {
        size_t n = 0;
        int r;

        while (a[n] && a[n] == b[n])
                n++;
        if (!a[n] && !b[n])
                return 0;

        /* where one name ends its suffix stands against the rest of the other; what could come behind that never
         * decides, unless they are the same */
        r = strcmp(a[n] ? a + n : HOOK_FILE_SUFFIX, b[n] ? b + n : HOOK_FILE_SUFFIX);
        return r != 0 ? r : a[n] ? 1 : -1;
}

/* What journalctl, systemctl and coredumpctl believe of an entry that root wrote, among it which files to open. */
static bool is_of_the_system(const char* name) {
        static const char* const names[] = {
                "INVOCATION_ID", "MESSAGE", "MESSAGE_ID", "PRIORITY",  "SYSLOG_IDENTIFIER",
                "SYSLOG_PID",    "UNIT",    "USER_UNIT",  "USER_INVOCATION_ID",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return strncmp(name, "OBJECT_", strlen("OBJECT_")) == 0 || strncmp(name, "COREDUMP_", strlen("COREDUMP_")) == 0;
}

static bool is_of_ours(const char* name) {
        static const char* const words[] = { "NODE", "ROLE", "SCOPE", "STATE", "STREAM", "LINE", "HOOK", "EXIT" };

        if (strncmp(name, "ZEEK_", strlen("ZEEK_")) != 0)
                return false;
        name += strlen("ZEEK_");
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                size_t length = strlen(words[i]);

                if (strncmp(name, words[i], length) == 0 && (!name[length] || name[length] == '_'))
                        return true;
        }
        return false;
}

bool hook_field_name_is_allowed(const char* name) {
        return journal_field_name_is_valid(name) && !is_of_the_system(name) && !is_of_ours(name);
}

/* ---- limits ---- */

char* hook_totals_add(HookTotals* totals, const Hook* hook) {
        if (totals->hooks >= HOOKS_MAX)
                return xasprintf("there are %u hooks, and there may not be more", HOOKS_MAX);
        if (hook->n_patterns > HOOK_PATTERNS_MAX - totals->patterns)
                return xasprintf("all hooks together would have more than %u patterns", HOOK_PATTERNS_MAX);
        if (hook->exec && totals->programs >= HOOK_PROGRAMS_MAX)
                return xasprintf("there are %u hooks with programs, and there may not be more", HOOK_PROGRAMS_MAX);

        totals->hooks++;
        totals->patterns += hook->n_patterns;
        if (hook->exec)
                totals->programs++;
        return NULL;
}

/* ---- life ---- */

Hook* hook_new(const char* name, const char* source) {
        Hook* hook = xnew0(Hook);

        *hook = (Hook) {
                .n_ref = 1,
                .name = xstrdup(name),
                .source = xstrdup(source),
                .streams = (1U << _STREAM_MAX) - 1,
                .priority = -1,
                .timeout_usec = HOOK_TIMEOUT_USEC_DEFAULT,
        };
        return hook;
}

Hook* hook_ref(Hook* hook) {
        unsigned before = __atomic_fetch_add(&hook->n_ref, 1, __ATOMIC_RELAXED);

        assert(before > 0);
        return hook;
}

static void hook_free(Hook* hook) {
        hook_clear_patterns(hook);
        hook_clear_fields(hook);
        strv_free(hook->nodes);
        strv_free(hook->exec);
        free(hook->name);
        free(hook->source);
        free(hook);
}

Hook* hook_unref(Hook* hook) {
        if (!hook)
                return NULL;

        /* whoever frees it has to see all that the others did with it */
        unsigned before = __atomic_fetch_sub(&hook->n_ref, 1, __ATOMIC_ACQ_REL);

        assert(before > 0);
        if (before == 1)
                hook_free(hook);
        return NULL;
}

/* ---- making ---- */

/* Arrays that do not say how much room they have: it is the next power of two. */
static bool is_full(size_t n) {
        return (n & (n - 1)) == 0;
}

void hook_add_pattern(Hook* hook, const char* text, unsigned line, unsigned column) {
        if (is_full(hook->n_patterns))
                hook->patterns = xreallocarray(hook->patterns, hook->n_patterns ? hook->n_patterns * 2 : 1,
                                               sizeof(HookPattern));
        hook->patterns[hook->n_patterns++] =
                (HookPattern) { .text = xstrdup(text), .line = line, .column = column };
}

void hook_set_field(Hook* hook, const char* name, const char* value) {
        for (size_t i = 0; i < hook->n_fields; i++)
                if (strcmp(hook->fields[i].name, name) == 0) {
                        free_and_replace(hook->fields[i].value, xstrdup(value));
                        return;
                }

        if (is_full(hook->n_fields))
                hook->fields = xreallocarray(hook->fields, hook->n_fields ? hook->n_fields * 2 : 1, sizeof(HookField));
        hook->fields[hook->n_fields++] = (HookField) { .name = xstrdup(name), .value = xstrdup(value) };
}

void hook_clear_patterns(Hook* hook) {
        for (size_t i = 0; i < hook->n_patterns; i++)
                free(hook->patterns[i].text);
        free(take_ptr(hook->patterns));
        hook->n_patterns = 0;
}

void hook_clear_fields(Hook* hook) {
        for (size_t i = 0; i < hook->n_fields; i++) {
                free(hook->fields[i].name);
                free(hook->fields[i].value);
        }
        free(take_ptr(hook->fields));
        hook->n_fields = 0;
}

/* ---- asking ---- */

bool hook_equal(const Hook* a, const Hook* b) {
        if (strcmp(a->name, b->name) != 0 || a->streams != b->streams || a->roles != b->roles ||
            a->action != b->action || a->priority != b->priority || a->timeout_usec != b->timeout_usec ||
            a->n_patterns != b->n_patterns || a->n_fields != b->n_fields || !strv_equal(a->nodes, b->nodes) ||
            !strv_equal(a->exec, b->exec))
                return false;

        for (size_t i = 0; i < a->n_patterns; i++)
                if (strcmp(a->patterns[i].text, b->patterns[i].text) != 0)
                        return false;
        for (size_t i = 0; i < a->n_fields; i++)
                if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
                    strcmp(a->fields[i].value, b->fields[i].value) != 0)
                        return false;
        return true;
}

bool hook_concerns(const Hook* hook, const char* node, unsigned role, Stream stream) {
        if (!(hook->streams & 1U << stream))
                return false;
        if (hook->roles != 0 && !(hook->roles & 1U << role))
                return false;
        if (!hook->nodes)
                return true;

        /* no name of a node holds a backslash, and nothing in a glob should stand for anything but itself and '*?[' */
        STRV_FOREACH(glob, hook->nodes)
                if (fnmatch(*glob, node, FNM_NOESCAPE) == 0)
                        return true;
        return false;
}
