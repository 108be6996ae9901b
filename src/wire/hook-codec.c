/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <systemd/sd-id128.h>

#include "config/hook-file.h"
#include "config/hook-key.h"
#include "config/ini.h"
#include "core/role.h"
#include "util/escape.h"
#include "util/strv.h"
#include "wire/dictionary.h"
#include "wire/hook-codec.h"

#define NAME "name"
#define NAME_BIT (UINT32_C(1) << HOOK_KEYS)
#define SOURCE_BYTES_MAX 4096U

static const char* const kind_types[] = {
        [HOOK_KEY_WORD] = "'s'",
        [HOOK_KEY_LEVEL] = "'s' or 'i'",
        [HOOK_KEY_SPAN] = "'t'",
        [HOOK_KEY_WORDS] = "'as' or 's'",
        [HOOK_KEY_FIELDS] = "'a{ss}'",
        [HOOK_KEY_PATTERNS] = "'as' or 's'",
};

/* ---- reading ---- */

typedef struct Draft {
        Hook* hook;
        uint32_t present; /* bit n: hook_keys[n] was given */
} Draft;

static int take(Hook* hook, const HookKey* key, const char* value, ConfigError* e) {
        _cleanup_free_ char* why = key->take(hook, value);

        return why ? config_error_set(e, key->member, "%s", why) : 0;
}

static int read_string(sd_bus_message* m, const HookKey* key, Hook* hook, ConfigError* e) {
        const char* s;

        if (sd_bus_message_read_basic(m, 's', &s) < 0)
                return dictionary_unreadable(e, key->member);
        return take(hook, key, s, e);
}

/* As a file would write it. */
static int read_number(sd_bus_message* m, const HookKey* key, const char* signature, Hook* hook, ConfigError* e) {
        const char* unit = key->kind == HOOK_KEY_SPAN ? "us" : "";
        _cleanup_free_ char* text = NULL;
        wide_int number;

        if (message_read_integer(m, signature, &number) < 0)
                return dictionary_unreadable(e, key->member);
        text = number < 0 ? xasprintf("%lld%s", (long long) number, unit) :
                            xasprintf("%llu%s", (unsigned long long) number, unit);
        return take(hook, key, text, e);
}

/* An empty list is refused: it comes from a program that looked for something and found nothing, and it would stand for
 * everything. */
static int read_list(sd_bus_message* m, const HookKey* key, Hook* hook, ConfigError* e) {
        size_t n = 0;
        const char* s;
        int r;

        if (sd_bus_message_enter_container(m, 'a', "s") < 0)
                return dictionary_unreadable(e, key->member);
        for (; (r = sd_bus_message_read_basic(m, 's', &s)) > 0; n++)
                if (take(hook, key, s, e) < 0)
                        return -EINVAL;
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, key->member);
        if (n == 0)
                return config_error_set(e, key->member, "must not be an empty list: leave it out");
        return 0;
}

static int read_fields(sd_bus_message* m, const HookKey* key, Hook* hook, ConfigError* e) {
        const char *name, *value;
        int r;

        if (sd_bus_message_enter_container(m, 'a', "{ss}") < 0)
                return dictionary_unreadable(e, key->member);
        while ((r = sd_bus_message_read(m, "{ss}", &name, &value)) > 0) {
                size_t n = hook->n_fields;
                _cleanup_free_ char* why = hook_take_field(hook, name, value);

                if (why)
                        return config_error_set(e, key->member, "%s", why);
                if (hook->n_fields == n)
                        return config_error_set(e, key->member, "sets %s twice", name);
        }
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, key->member);
        return 0;
}

static int read_name(sd_bus_message* m, const char* signature, Hook* hook, ConfigError* e) {
        _cleanup_free_ char* why = NULL;
        const char* name;

        if (strcmp(signature, "s") != 0)
                return dictionary_wrong_type(e, NAME, "'s'", signature);
        if (sd_bus_message_read_basic(m, 's', &name) < 0)
                return dictionary_unreadable(e, NAME);
        why = hook_name_check(name);
        if (why)
                return config_error_set(e, NAME, "%s", why);

        free_and_replace(hook->name, xstrdup(name));
        return 0;
}

static int read_value(sd_bus_message* m, const HookKey* key, const char* signature, Hook* hook, ConfigError* e) {
        bool is_string = strcmp(signature, "s") == 0;

        switch (key->kind) {
        case HOOK_KEY_WORD:
                if (is_string)
                        return read_string(m, key, hook, e);
                break;
        case HOOK_KEY_LEVEL:
                if (is_string)
                        return read_string(m, key, hook, e);
                if (signature_is_integer(signature))
                        return read_number(m, key, signature, hook, e);
                break;
        case HOOK_KEY_SPAN:
                if (signature_is_integer(signature))
                        return read_number(m, key, signature, hook, e);
                break;
        case HOOK_KEY_WORDS:
        case HOOK_KEY_PATTERNS:
                if (is_string)
                        return read_string(m, key, hook, e);
                if (strcmp(signature, "as") == 0)
                        return read_list(m, key, hook, e);
                break;
        case HOOK_KEY_FIELDS:
                if (strcmp(signature, "a{ss}") == 0)
                        return read_fields(m, key, hook, e);
                break;
        }
        return dictionary_wrong_type(e, key->member, kind_types[key->kind], signature);
}

static int read_entry(sd_bus_message* m, const char* name, const char* signature, void* userdata, ConfigError* e) {
        Draft* draft = userdata;
        const HookKey* key = hook_key_find_member(name);
        uint32_t bit = key ? UINT32_C(1) << (key - hook_keys) : NAME_BIT;

        if (!key && strcmp(name, NAME) != 0)
                return config_error_set(e, name, "is not a key that is known here");
        if (draft->present & bit)
                return config_error_set(e, name, "is given twice");
        draft->present |= bit;
        return key ? read_value(m, key, signature, draft->hook, e) : read_name(m, signature, draft->hook, e);
}

static char* make_name(void) {
        sd_id128_t id;

        if (sd_id128_randomize(&id) < 0)
                return NULL;
        return xasprintf("runtime-%016llx", (unsigned long long) id.qwords[0]);
}

int hook_read(sd_bus_message* m, Hook** ret, ConfigError* e) {
        _cleanup_hook_ Hook* hook = hook_new("", HOOK_SOURCE_RUNTIME);
        _cleanup_free_ char *why = NULL, *text = NULL, *name = NULL;
        Draft draft = { .hook = hook };

        if (dictionary_read(m, read_entry, &draft, e) < 0)
                return -EINVAL;
        why = hook_check(hook);
        if (why)
                return config_error_set(e, "exec", "must not be given with action: %s", why);
        if (!hook->exec && draft.present & UINT32_C(1) << (hook_key_find("TimeoutSec") - hook_keys))
                return config_error_set(e, "timeout_usec", "means nothing without exec");
        text = hook_to_text(hook);
        if (strlen(text) > INI_FILE_MAX)
                return config_error_set(e, "(hook)", "is larger than the %u bytes that the file of a hook may have",
                                        INI_FILE_MAX);

        if (!(draft.present & NAME_BIT)) {
                name = make_name();
                if (!name)
                        return config_error_set(e, NAME, "is missing, and the system has no random number to make one");
                free_and_replace(hook->name, take_ptr(name));
        }
        *ret = take_ptr(hook);
        return 0;
}

/* ---- writing ---- */

static int append_strings(sd_bus_message* m, const char* key, char* const* strings) {
        int r;

        if (!strings)
                return 0;
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char**) strings);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_roles(sd_bus_message* m, const Hook* hook) {
        _cleanup_strv_free_ char** roles = NULL;

        for (Role role = 0; role < _ROLE_MAX; role++)
                if (hook->roles & 1U << role)
                        strv_extend(&roles, role_to_string(role));
        return append_strings(m, "role", roles);
}

static int append_patterns(sd_bus_message* m, const Hook* hook) {
        _cleanup_free_ char** texts = xcalloc(hook->n_patterns + 1, sizeof(char*)); /* not copies */

        for (size_t i = 0; i < hook->n_patterns; i++)
                texts[i] = hook->patterns[i].text;
        return hook->n_patterns > 0 ? append_strings(m, "match", texts) : 0;
}

static int append_fields(sd_bus_message* m, const Hook* hook) {
        int r;

        if (hook->n_fields == 0)
                return 0;
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', "set_field");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{ss}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (size_t i = 0; r >= 0 && i < hook->n_fields; i++)
                r = sd_bus_message_append(m, "{ss}", hook->fields[i].name, hook->fields[i].value);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static const char* stream_word(const Hook* hook) {
        for (Stream stream = 0; stream < _STREAM_MAX; stream++)
                if (hook->streams == 1U << stream)
                        return stream_to_string(stream);
        return "both";
}

static int append_values(sd_bus_message* m, const Hook* hook) {
        int r = sd_bus_message_append(m, "{sv}{sv}", NAME, "s", hook->name, "stream", "s", stream_word(hook));

        if (r >= 0)
                r = append_strings(m, "node", hook->nodes);
        if (r >= 0)
                r = append_roles(m, hook);
        if (r >= 0)
                r = append_patterns(m, hook);
        if (r >= 0 && hook->action != HOOK_GO_ON)
                r = sd_bus_message_append(m, "{sv}", "action", "s", hook_action_to_string(hook->action));
        if (r >= 0 && hook->priority >= 0)
                r = sd_bus_message_append(m, "{sv}", "priority", "i", hook->priority);
        if (r >= 0)
                r = append_fields(m, hook);
        if (r >= 0)
                r = append_strings(m, "exec", hook->exec);
        if (r >= 0 && hook->exec)
                r = sd_bus_message_append(m, "{sv}", "timeout_usec", "t", hook->timeout_usec);
        return r;
}

int hook_append_request(sd_bus_message* m, const Hook* hook) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_values(m, hook);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int hook_append(sd_bus_message* m, const Hook* hook, const HookCounters* counters) {
        _cleanup_free_ char* source = escape_bytes(hook->source, strlen(hook->source), SOURCE_BYTES_MAX);
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_values(m, hook);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "source", "s", source, "matched", "t", counters->matched,
                                          "suppressed", "t", counters->suppressed, "failures", "t", counters->failures);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
