/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: a hook from D-Bus (message-maker.h). One that is accepted is the same after it was written and read again, on the
 * bus and as the file in which a runtime hook outlives the daemon. */
#include <string.h>

#include "config/hook-file.h"
#include "config/ini.h"
#include "fuzz/message-maker.h"
#include "util/escape.h"
#include "wire/hook-codec.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/* 'a' is the first. */
static const char* const keys[] = {
        "name", "stream", "node", "role", "match", "action", "priority", "set_field", "exec", "timeout_usec",
};
static const char* const signatures[] = { "s", "as", "a{ss}", "i", "t", "u", "b", "v", "ay" };
static const Vocabulary words = { keys, ELEMENTSOF(keys), signatures, ELEMENTSOF(signatures) };

/* What an error says of the input moves no cursor and ends no line. */
static bool is_printable(const char* text) {
        _cleanup_free_ char* escaped = escape_bytes(text, strlen(text), SIZE_MAX);

        return strcmp(text, escaped) == 0;
}

static void check_bus(sd_bus* bus, const Hook* hook) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_hook_ Hook* again = NULL;

        check(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        check(hook_append_request(m, hook) >= 0);
        check(sd_bus_message_seal(m, 2, 0) >= 0);
        check(sd_bus_message_rewind(m, true) >= 0);
        check(hook_read(m, &again, &e) >= 0);
        check(hook_equal(hook, again));
}

static void check_file(const Hook* hook) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_hook_ Hook* again = NULL;
        _cleanup_free_ char* text = hook_to_text(hook);

        check(strlen(text) <= INI_FILE_MAX);
        again = hook_parse(hook->name, HOOK_SOURCE_RUNTIME, "fuzz", text, strlen(text), &d);
        check(again && hook_equal(hook, again));
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        Input in = { .data = data, .size = size };
        _cleanup_(sd_bus_close_unrefp) sd_bus* bus = make_bus();
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = make_message(bus, &words, &in);
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_hook_ Hook* hook = NULL;

        if (hook_read(m, &hook, &e) < 0) {
                check(!hook && is_printable(e.key) && is_printable(e.why));
                return 0;
        }
        check_bus(bus, hook);
        check_file(hook);
        return 0;
}
