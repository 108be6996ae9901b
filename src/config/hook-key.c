/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/hook-key.h"
#include "core/role.h"
#include "util/escape.h"
#include "util/log.h"
#include "util/parse.h"
#include "util/strv.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define BLANKS " \t"

/* Enough of a wrong value to recognise it by. */
#define QUOTED_MAX 64U

static char* quote(const char* value) {
        return escape_bytes(value, strlen(value), QUOTED_MAX);
}

/* ---- Stream= ---- */

static char* take_stream(Hook* hook, const char* value) {
        Stream stream = stream_from_string(value);

        if (stream < 0 && strcmp(value, "both") != 0)
                return xstrdup("must be stdout, stderr or both");
        hook->streams = (1U << _STREAM_MAX) - 1;
        if (stream >= 0)
                hook->streams = 1U << stream;
        return NULL;
}

static void clear_stream(Hook* hook) {
        hook->streams = (1U << _STREAM_MAX) - 1;
}

/* ---- Node= ---- */

/* p stands behind a '['. Behind the ']' that closes it, or NULL. */
static const char* skip_set(const char* p) {
        if (*p == '!' || *p == '^')
                p++;
        /* the first one is a member */
        for (bool first = true; first || *p != ']'; first = false) {
                if (p[0] == '[' && p[1] == ':') {
                        const char* end = strstr(p + 2, ":]");

                        p = end ? end + 1 : p;
                }
                if (!*p++)
                        return NULL;
        }
        return p + 1;
}

/* A glob that can be the name of no node is a mistake, and so is one that means something else than it seems to. */
static char* take_node(Hook* hook, const char* value) {
        _cleanup_free_ char* quoted = quote(value);

        if (!*value)
                return xstrdup("must not hold an empty name");
        if (strlen(value) > HOOK_GLOB_BYTES_MAX)
                return xasprintf("must not hold a name of more than %u bytes", HOOK_GLOB_BYTES_MAX);
        if (value[strspn(value, LETTERS_AND_DIGITS "_.-*?[]!^:")])
                return xasprintf("must be names of nodes, with '*', '?' and '[…]' as wildcards; '%s' is none", quoted);
        for (const char* p = value; p && (p = strchr(p, '['));) {
                p = skip_set(p + 1);
                if (!p)
                        return xasprintf("has a '[' without a ']' in '%s'", quoted);
        }
        if (strv_length(hook->nodes) >= HOOK_GLOBS_MAX)
                return xasprintf("has more than %u names", HOOK_GLOBS_MAX);

        strv_extend(&hook->nodes, value);
        return NULL;
}

static void clear_node(Hook* hook) {
        hook->nodes = strv_free(hook->nodes);
}

/* ---- Role= ---- */

static char* take_role(Hook* hook, const char* value) {
        Role role = role_from_string(value);

        /* as a cluster table spells it */
        if (role < 0)
                role = role_from_zeek_string(value);
        if (role < 0) {
                _cleanup_free_ char* quoted = quote(value);

                return xasprintf("must be logger, manager, proxy, worker or standalone, not '%s'", quoted);
        }
        hook->roles |= 1U << role;
        return NULL;
}

static void clear_role(Hook* hook) {
        hook->roles = 0;
}

/* ---- Match= ---- */

/* The rule is that of files, which hold a pattern as it is: what they cannot hold may come from nowhere else. */
static char* take_match(Hook* hook, const char* value) {
        size_t length = strlen(value), n_backslashes = 0;

        if (length == 0)
                return xstrdup("must not hold an empty pattern, which every line matches");
        if (length > HOOK_PATTERN_BYTES_MAX)
                return xasprintf("must not hold a pattern of more than %u bytes", HOOK_PATTERN_BYTES_MAX);
        for (const char* p = value; *p; p++)
                if (((unsigned char) *p < 0x20 && *p != '\t') || *p == 0x7f)
                        return xstrdup("must not hold control characters: write \\xHH");
        if (strchr(BLANKS, value[0]) || strchr(BLANKS, value[length - 1]))
                return xstrdup("must not begin or end with a blank: write \\x20");
        while (n_backslashes < length && value[length - n_backslashes - 1] == '\\')
                n_backslashes++;
        if (n_backslashes % 2 == 1)
                return xstrdup("must not end with a backslash that stands alone");
        if (hook->n_patterns >= HOOK_PATTERNS_MAX)
                return xasprintf("has more than %u patterns", HOOK_PATTERNS_MAX);

        hook_add_pattern(hook, value, 0, 0);
        return NULL;
}

/* ---- Action= ---- */

static char* take_action(Hook* hook, const char* value) {
        HookAction action = hook_action_from_string(value);

        if (action < 0)
                return xstrdup("must be suppress or pass");
        hook->action = action;
        return NULL;
}

static void clear_action(Hook* hook) {
        hook->action = HOOK_GO_ON;
}

/* ---- Priority= ---- */

static char* take_priority(Hook* hook, const char* value) {
        int priority = log_level_from_string(value);

        if (priority < 0)
                return xstrdup("must be emerg, alert, crit, err, warning, notice, info or debug, or a number from 0 to 7");
        hook->priority = priority;
        return NULL;
}

static void clear_priority(Hook* hook) {
        hook->priority = -1;
}

/* ---- SetField= ---- */

static bool has_field(const Hook* hook, const char* name) {
        for (size_t i = 0; i < hook->n_fields; i++)
                if (strcmp(hook->fields[i].name, name) == 0)
                        return true;
        return false;
}

char* hook_take_field(Hook* hook, const char* name, const char* value) {
        if (!hook_field_name_is_allowed(name)) {
                _cleanup_free_ char* quoted = quote(name);

                return xasprintf("cannot set a field '%s': a name is of A-Z, 0-9 and '_', begins with a letter, and is none "
                                 "that tells what an entry is or whose; for PRIORITY there is Priority=", quoted);
        }
        if (strlen(value) > HOOK_FIELD_BYTES_MAX)
                return xasprintf("gives %s a value of more than %u bytes", name, HOOK_FIELD_BYTES_MAX);
        if (hook->n_fields >= HOOK_FIELDS_MAX && !has_field(hook, name))
                return xasprintf("sets more than %u fields", HOOK_FIELDS_MAX);

        hook_set_field(hook, name, value);
        return NULL;
}

static char* take_set_field(Hook* hook, const char* value) {
        size_t length = strcspn(value, "=");
        _cleanup_free_ char *name = xstrndup(value, length), *quoted = NULL;

        if (value[length])
                return hook_take_field(hook, name, value + length + 1);
        quoted = quote(value);
        return xasprintf("must be a list of NAME=value; '%s' is none", quoted);
}

/* ---- Exec= ---- */

static char* take_exec(Hook* hook, const char* value) {
        size_t size = strlen(value);

        if (!hook->exec && value[0] != '/')
                return xstrdup("must begin with the absolute path of a program");
        if (strv_length(hook->exec) >= HOOK_EXEC_WORDS_MAX)
                return xasprintf("has more than %u words", HOOK_EXEC_WORDS_MAX);
        STRV_FOREACH(word, hook->exec)
                size += strlen(*word);
        if (size > HOOK_EXEC_BYTES_MAX)
                return xasprintf("has more than %u bytes in all", HOOK_EXEC_BYTES_MAX);

        strv_extend(&hook->exec, value);
        return NULL;
}

static void clear_exec(Hook* hook) {
        hook->exec = strv_free(hook->exec);
}

/* ---- TimeoutSec= ---- */

static char* take_timeout(Hook* hook, const char* value) {
        usec_t timeout = 0;

        if (parse_sec(value, &timeout) < 0 || timeout < HOOK_TIMEOUT_USEC_MIN || timeout > HOOK_TIMEOUT_USEC_MAX)
                return xasprintf("must be a time between %llums and %llus",
                                 (unsigned long long) (HOOK_TIMEOUT_USEC_MIN / USEC_PER_MSEC),
                                 (unsigned long long) (HOOK_TIMEOUT_USEC_MAX / USEC_PER_SEC));
        hook->timeout_usec = timeout;
        return NULL;
}

static void clear_timeout(Hook* hook) {
        hook->timeout_usec = HOOK_TIMEOUT_USEC_DEFAULT;
}

/* ---- */

const HookKey* hook_key_find(const char* name) {
        for (size_t i = 0; i < HOOK_KEYS; i++)
                if (strcmp(hook_keys[i].name, name) == 0)
                        return &hook_keys[i];
        return NULL;
}

const HookKey* hook_key_find_member(const char* member) {
        for (size_t i = 0; i < HOOK_KEYS; i++)
                if (strcmp(hook_keys[i].member, member) == 0)
                        return &hook_keys[i];
        return NULL;
}

char* hook_check(const Hook* hook) {
        if (hook->exec && hook->action != HOOK_GO_ON)
                return xstrdup("a program decides about a line itself: an action beside it contradicts it");
        return NULL;
}

bool hook_has_effect(const Hook* hook) {
        return hook->action != HOOK_GO_ON || hook->priority >= 0 || hook->n_fields > 0 || hook->exec;
}

const HookKey hook_keys[HOOK_KEYS] = {
        { "Stream", "stream", HOOK_KEY_WORD, false, take_stream, clear_stream },
        { "Node", "node", HOOK_KEY_WORDS, false, take_node, clear_node },
        { "Role", "role", HOOK_KEY_WORDS, false, take_role, clear_role },
        /* with one pattern less it matches less, if there is another */
        { "Match", "match", HOOK_KEY_PATTERNS, false, take_match, hook_clear_patterns },
        { "Action", "action", HOOK_KEY_WORD, false, take_action, clear_action },
        { "Priority", "priority", HOOK_KEY_LEVEL, true, take_priority, clear_priority },
        { "SetField", "set_field", HOOK_KEY_FIELDS, true, take_set_field, hook_clear_fields },
        { "Exec", "exec", HOOK_KEY_WORDS, false, take_exec, clear_exec },
        { "TimeoutSec", "timeout_usec", HOOK_KEY_SPAN, true, take_timeout, clear_timeout },
};
