/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "wire/dictionary.h"

int dictionary_unreadable(ConfigError* e, const char* key) {
        return config_error_set(e, key, "cannot be read: the message is malformed or a string is not valid UTF-8");
}

int dictionary_wrong_type(ConfigError* e, const char* key, const char* wanted, const char* signature) {
        return config_error_set(e, key, "must have the D-Bus type %s, not '%s'", wanted, signature);
}

bool signature_is_integer(const char* signature) {
        return signature[0] && !signature[1] && strchr("ynqiuxt", signature[0]);
}

int message_read_integer(sd_bus_message* m, const char* signature, wide_int* ret) {
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
        } value;
        int r = sd_bus_message_read_basic(m, signature[0], &value);

        if (r < 0)
                return r;

        switch (signature[0]) {
        case 'y': *ret = value.y; break;
        case 'n': *ret = value.n; break;
        case 'q': *ret = value.q; break;
        case 'i': *ret = value.i; break;
        case 'u': *ret = value.u; break;
        case 'x': *ret = value.x; break;
        default:  *ret = value.t; break;
        }
        return 0;
}

static int read_entry(sd_bus_message* m, dictionary_entry_t entry, void* userdata, ConfigError* e) {
        const char *key, *signature;
        char container;

        if (sd_bus_message_read_basic(m, 's', &key) < 0)
                return dictionary_unreadable(e, "(a key)");
        if (sd_bus_message_peek_type(m, &container, &signature) < 0 ||
            sd_bus_message_enter_container(m, 'v', signature) < 0)
                return dictionary_unreadable(e, key);
        if (entry(m, key, signature, userdata, e) < 0)
                return -EINVAL;
        if (sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, key);
        return 0;
}

int dictionary_read(sd_bus_message* m, dictionary_entry_t entry, void* userdata, ConfigError* e) {
        int r;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                return dictionary_unreadable(e, "(configuration)");
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                if (read_entry(m, entry, userdata, e) < 0)
                        return -EINVAL;
                if (sd_bus_message_exit_container(m) < 0)
                        return dictionary_unreadable(e, "(configuration)");
        }
        if (r < 0 || sd_bus_message_exit_container(m) < 0)
                return dictionary_unreadable(e, "(configuration)");
        return 0;
}
