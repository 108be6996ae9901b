/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/exit-reason.h"
#include "core/node.h"
#include "ctl/format.h"
#include "ctl/look.h"

typedef struct StateLook {
        Style style;
        const char *dot, *ascii;
} StateLook;

static const StateLook looks[_NODE_STATE_MAX] = {
        [NODE_STARTING] = { STYLE_BUSY, "●", "*" },
        [NODE_RUNNING] = { STYLE_GOOD, "●", "*" },
        [NODE_STOPPING] = { STYLE_BUSY, "●", "*" },
        [NODE_WAITING] = { STYLE_BUSY, "↻", "~" },
        [NODE_FAILED] = { STYLE_BAD, "×", "x" },
        [NODE_FINISHED] = { STYLE_PLAIN, "○", "o" },
        [NODE_STOPPED] = { STYLE_PLAIN, "○", "o" },
};
static const StateLook unknown_look = { STYLE_PLAIN, "?", "?" };

static const StateLook* look_of(const char* word) {
        NodeState state = node_state_from_string(word);

        return state < 0 ? &unknown_look : &looks[state];
}

Style state_style(const char* state) {
        return look_of(state)->style;
}

const char* state_dot(const char* state, bool utf8) {
        return utf8 ? look_of(state)->dot : look_of(state)->ascii;
}

const char* status_text(const json_t* status, const char* key) {
        const char* s = json_string_value(json_object_get(status, key));

        return s ? s : "";
}

uint64_t status_number(const json_t* status, const char* key) {
        json_int_t n = json_integer_value(json_object_get(status, key));

        return n < 0 ? 0 : (uint64_t) n;
}

bool status_has(const json_t* status, const char* key) {
        return json_object_get(status, key) != NULL;
}

char* status_bytes(const json_t* status, const char* key) {
        return status_has(status, key) ? format_bytes(status_number(status, key)) : NULL;
}

char* status_cpu(const json_t* status) {
        return status_has(status, "cpu_usage_nsec") ? format_cpu_time(status_number(status, "cpu_usage_nsec")) : NULL;
}

char* status_count(const json_t* status, const char* key) {
        return status_has(status, key) ? xasprintf("%llu", (unsigned long long) status_number(status, key)) : NULL;
}

bool status_lives(const json_t* status) {
        NodeState state = node_state_from_string(status_text(status, "state"));

        return state == NODE_RUNNING || state == NODE_STOPPING;
}

char* status_pid(const json_t* status) {
        return status_lives(status) ? status_count(status, "pid") : NULL;
}

char* status_exit(const json_t* status) {
        ExitReason reason = {
                (int) status_number(status, "exit_code"),
                (int) status_number(status, "exit_status"),
                json_is_true(json_object_get(status, "out_of_memory")),
        };

        return status_has(status, "exit_code") ? exit_reason_describe(&reason) : NULL;
}

const char* status_input(const json_t* status) {
        const json_t* node = json_object_get(status, "node");
        const char* interface = json_string_value(json_object_get(node, "interface"));

        return interface ? interface : json_string_value(json_object_get(node, "pcap_file"));
}
