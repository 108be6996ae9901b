/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/capability.h"
#include "config/setting-types.h"
#include "config/word-list.h"
#include "core/exit-reason.h"
#include "core/record.h"
#include "util/escape.h"
#include "util/parse.h"
#include "util/strv.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

#define ACCOUNT_NAME_MAX 255U
#define PROFILE_NAME_MAX 64U
#define AFFIX_MAX 64U
#define PATH_BYTES_MAX 4095U
#define CPU_MAX 8191U       /* as in a NodeConfig */
#define CPU_LIST_MAX 1024U

/* ---- strings ---- */

static void copy_string(void* to, const void* from) {
        *(char**) to = xstrdup_or_null(*(char* const*) from);
}

static void clear_string(void* at) {
        free(*(char**) at);
}

static char* store_string(const char* value, void* at) {
        free_and_replace(*(char**) at, xstrdup(value));
        return NULL;
}

static char* parse_setting_account(const SettingKey* key, const char* value, void* at) {
        if (strlen(value) > ACCOUNT_NAME_MAX || !strchr(LETTERS DIGITS, value[0]) ||
            value[strspn(value, LETTERS DIGITS ".-$")])
                return xstrdup("must be a name or a number");
        return store_string(value, at);
}

static char* parse_setting_profile(const SettingKey* key, const char* value, void* at) {
        if (strlen(value) > PROFILE_NAME_MAX || value[0] == '.' || value[strspn(value, LETTERS DIGITS ".-")])
                return xstrdup("must be the name of a profile: letters, digits, '_', '.' and '-'");
        return store_string(value, at);
}

static char* parse_setting_path(const SettingKey* key, const char* value, void* at) {
        if (value[0] != '/' || strlen(value) > PATH_BYTES_MAX)
                return xstrdup("must be an absolute path");
        return store_string(value, at);
}

static char* parse_setting_path_list(const SettingKey* key, const char* value, void* at) {
        if (strlen(value) > PATH_BYTES_MAX)
                return xasprintf("is longer than %u bytes", PATH_BYTES_MAX);
        return store_string(value, at);
}

static char* parse_setting_affix(const SettingKey* key, const char* value, void* at) {
        if (strlen(value) > AFFIX_MAX || !string_has_no_control(value))
                return xasprintf("must be at most %u bytes without control characters", AFFIX_MAX);
        return store_string(value, at);
}

static char* parse_setting_cpus(const SettingKey* key, const char* value, void* at) {
        char** list = at;
        char* longer;

        if (parse_cpu_set(value, CPU_MAX, NULL, NULL) < 0)
                return xstrdup("must be a list of CPU numbers and ranges such as '0-3,8'");

        longer = *list ? xasprintf("%s %s", *list, value) : xstrdup(value);
        if (strlen(longer) > CPU_LIST_MAX) {
                free(longer);
                return xasprintf("is longer than %u bytes", CPU_LIST_MAX);
        }
        free_and_replace(*list, longer);
        return NULL;
}

/* ---- lists of words ---- */

static void copy_strv(void* to, const void* from) {
        *(char***) to = strv_copy(*(char** const*) from);
}

static void clear_strv(void* at) {
        strv_free(*(char***) at);
}

/* Takes one good word; returns why it is none. */
typedef char* (*take_word_t)(const char* word, void* at);

static char* split(const char* value, char*** ret) {
        int r = word_list_split(value, ret);

        if (r == -E2BIG)
                return xasprintf("has more than %u entries", WORD_LIST_MAX);
        if (r < 0)
                return xstrdup("has a quote that is not closed, or an escape that is not known");
        return NULL;
}

/* For lists that are sets. The value is taken as a whole or not at all, so it is read into a copy first. The empty
 * word is no member: "" is how an empty set is written. */
static char* parse_set(const char* value, take_word_t take, void* at, size_t size) {
        _cleanup_strv_free_ char** words = NULL;
        _cleanup_free_ void* copy = xmemdup(at, size);
        char* why;

        why = split(value, &words);
        STRV_FOREACH(word, words)
                if (!why && **word)
                        why = take(*word, copy);
        if (!why)
                memcpy(at, copy, size);
        return why;
}

static char* take_exit_reason(const char* word, void* at) {
        int64_t status;
        int signal;

        if (parse_int_range(word, 0, UINT8_MAX, &status) >= 0) {
                exit_reason_set_add_status(at, (unsigned) status);
                return NULL;
        }
        if (parse_signal_name(word, &signal) >= 0) {
                exit_reason_set_add_signal(at, (unsigned) signal);
                return NULL;
        }
        return xasprintf("must be a list of exit statuses from 0 to 255 and names of signals; '%s' is neither", word);
}

static char* parse_setting_exit_reasons(const SettingKey* key, const char* value, void* at) {
        return parse_set(value, take_exit_reason, at, sizeof(ExitReasonSet));
}

static char* take_capability(const char* word, void* at) {
        int capability = capability_from_string(word);

        if (capability < 0)
                return xasprintf("must be a list of capabilities; '%s' is none", word);
        *(uint64_t*) at |= UINT64_C(1) << capability;
        return NULL;
}

static char* parse_setting_capabilities(const SettingKey* key, const char* value, void* at) {
        return parse_set(value, take_capability, at, sizeof(uint64_t));
}

/* For lists that keep their words. */
static char* parse_words(const char* value, take_word_t take, void* at) {
        _cleanup_strv_free_ char **words = NULL, **list = strv_copy(*(char***) at);
        char* why;

        why = split(value, &words);
        STRV_FOREACH(word, words)
                if (!why)
                        why = take(*word, &list);
        if (!why && strv_length(list) > LIST_ENTRIES_MAX)
                why = xasprintf("has more than %u entries", LIST_ENTRIES_MAX);
        if (why)
                return why;

        strv_free(*(char***) at);
        *(char***) at = take_ptr(list);
        return NULL;
}

static char* take_script(const char* word, void* list) {
        if (word[0] == '-')
                return xasprintf("holds '%s', which Zeek would take for an option: use Arguments=", word);
        if (!string_has_no_control(word))
                return xstrdup("must not hold control characters");
        /* "" is how no script at all is written */
        if (*word)
                strv_extend(list, word);
        return NULL;
}

static char* parse_setting_scripts(const SettingKey* key, const char* value, void* at) {
        return parse_words(value, take_script, at);
}

static char* take_argument(const char* word, void* list) {
        strv_extend(list, word);
        return NULL;
}

static char* parse_setting_arguments(const SettingKey* key, const char* value, void* at) {
        return parse_words(value, take_argument, at);
}

static char* take_assignment(const char* word, void* list) {
        size_t length = strcspn(word, "=");
        _cleanup_free_ char* name = xstrndup(word, length);

        if (!word[length] || length == 0 || strchr(DIGITS, name[0]) || name[strspn(name, LETTERS DIGITS)])
                return xasprintf("must be a list of NAME=value; '%s' is none", word);
        strv_env_set(list, name, word + length + 1);
        return NULL;
}

static char* parse_setting_environment(const SettingKey* key, const char* value, void* at) {
        return parse_words(value, take_assignment, at);
}

#define STRING_TYPE(parser) \
        { .size = sizeof(char*), .parse = (parser), .copy = copy_string, .clear = clear_string }
#define STRV_TYPE(parser) \
        { .size = sizeof(char**), .parse = (parser), .copy = copy_strv, .clear = clear_strv }

const SettingType setting_account = STRING_TYPE(parse_setting_account);
const SettingType setting_profile = STRING_TYPE(parse_setting_profile);
const SettingType setting_path = STRING_TYPE(parse_setting_path);
const SettingType setting_path_list = STRING_TYPE(parse_setting_path_list);
const SettingType setting_affix = STRING_TYPE(parse_setting_affix);
const SettingType setting_cpus = STRING_TYPE(parse_setting_cpus);
const SettingType setting_scripts = STRV_TYPE(parse_setting_scripts);
const SettingType setting_arguments = STRV_TYPE(parse_setting_arguments);
const SettingType setting_environment = STRV_TYPE(parse_setting_environment);
const SettingType setting_exit_reasons = { .size = sizeof(ExitReasonSet), .parse = parse_setting_exit_reasons };
const SettingType setting_capabilities = { .size = sizeof(uint64_t), .parse = parse_setting_capabilities };
