/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: a NodeConfig from D-Bus (message-maker.h). One that is accepted is the same after it was written and read again,
 * on the bus and as JSON, and holds nothing that could break out of a unit's property, a line of a file or a field. */
#include <string.h>

#include "config/node-json.h"
#include "core/node-name.h"
#include "core/node-spec.h"
#include "fuzz/message-maker.h"
#include "util/escape.h"
#include "util/strv.h"
#include "wire/spec-codec.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/* 'a' is the first. */
static const char* const keys[] = {
        "name", "interface", "pcap_file", "directory", "stdout_file", "stderr_file", "bare_mode", "addl_base_scripts",
        "addl_user_scripts", "env", "cpu_affinity", "cluster", "restart", "stop_timeout_usec", "memory_max", "tasks_max",
        "cpu_weight", "allowed_cpus", "nice", "seccomp",
};
static const char* const signatures[] = { "s", "b", "as", "a{ss}", "a{sa{sv}}", "i", "t", "u", "q", "v", "ay" };
static const Vocabulary words = { keys, ELEMENTSOF(keys), signatures, ELEMENTSOF(signatures) };

/* What an error says of the input moves no cursor and ends no line. */
static bool is_printable(const char* text) {
        _cleanup_free_ char* escaped = escape_bytes(text, strlen(text), SIZE_MAX);

        return strcmp(text, escaped) == 0;
}

static void check_path(const char* path) {
        check(!path || (*path && string_has_no_control(path) && utf8_is_valid(path)));
        check(!path || (strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 && !strstr(path, "/../")));
}

static void check_spec(const NodeSpec* spec) {
        _cleanup_free_ char* why = node_name_check(spec->name);

        check(!why);
        check_path(spec->directory);
        check_path(spec->stdout_file);
        check_path(spec->stderr_file);
        check(!spec->interface || !spec->pcap_file);
        check(!spec->interface || string_has_no_control(spec->interface));
        STRV_FOREACH(script, spec->addl_user_scripts)
                check(**script && **script != '-' && string_has_no_control(*script));
        STRV_FOREACH(assignment, spec->env)
                check(strncmp(*assignment, "LD_", 3) != 0 && strchr(*assignment, '=') > *assignment);
}

static void check_bus(sd_bus* bus, const NodeSpec* spec) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = NULL;
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* again = NULL;

        check(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
        check(spec_append(m, spec) >= 0);
        check(sd_bus_message_seal(m, 2, 0) >= 0);
        check(sd_bus_message_rewind(m, true) >= 0);
        check(spec_read(m, &again, &e) >= 0);
        check(node_spec_equal(spec, again));
}

static void check_json(const NodeSpec* spec) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* again = NULL;
        _cleanup_free_ char* text = NULL;

        check(node_spec_to_json(spec, NODE_JSON_AS_GIVEN, &text) >= 0);
        check(node_spec_from_json(text, strlen(text), &again, &e) >= 0);
        check(node_spec_equal(spec, again));
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        Input in = { .data = data, .size = size };
        _cleanup_(sd_bus_close_unrefp) sd_bus* bus = make_bus();
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* m = make_message(bus, &words, &in);
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_node_spec_ NodeSpec* spec = NULL;

        if (spec_read(m, &spec, &e) < 0) {
                check(!spec && is_printable(e.key) && is_printable(e.why));
                return 0;
        }
        if (node_spec_check_caller(spec, &e) < 0)
                return 0;
        check_spec(spec);
        check_bus(bus, spec);
        check_json(spec);
        return 0;
}
