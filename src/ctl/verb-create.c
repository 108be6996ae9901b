/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/node-json.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/spec-calls.h"

/* As many nodes as the supervisor takes, each with the table of them all. */
#define NODES_MAX 4096U

typedef struct Specs {
        NodeSpec** items;
        size_t n, allocated;
} Specs;

static void specs_done(Specs* specs) {
        for (size_t i = 0; i < specs->n; i++)
                node_spec_unref(specs->items[i]);
        free(specs->items);
}

#define _cleanup_specs_ _cleanup_(specs_done)

static int add_spec(Specs* specs, const char* file, const char* text, size_t size) {
        _cleanup_config_error_ ConfigError e = {};
        NodeSpec* spec;

        if (specs->n >= NODES_MAX) {
                ctl_say("%s: more than %u nodes", file, NODES_MAX);
                return -E2BIG;
        }
        if (node_spec_from_json(text, size, &spec, &e) < 0) {
                ctl_say("%s: %s: %s", file, e.key, e.why);
                return -EINVAL;
        }
        GROW(specs->items, specs->n, specs->allocated);
        specs->items[specs->n++] = spec;
        return 0;
}

/* A list of nodes is taken apart here; what a node is, config/node-json.h knows. */
static int add_list(Specs* specs, const char* file, const char* text, size_t size) {
        json_auto_t* list = NULL;
        json_error_t error;
        json_t* element;
        size_t i;

        list = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!list) {
                ctl_say("%s:%d:%d: %s", file, error.line, error.column, error.text);
                return -EINVAL;
        }
        json_array_foreach(list, i, element) {
                _cleanup_free_ char *one = json_dumps(element, JSON_COMPACT | JSON_ENCODE_ANY),
                                    *place = xasprintf("%s[%zu]", file, i);

                if (!one || add_spec(specs, place, one, strlen(one)) < 0)
                        return -EINVAL;
        }
        return 0;
}

static int read_file(Specs* specs, const char* path) {
        _cleanup_free_ char* text = NULL;
        const char* file = input_name(path);
        size_t size;
        int r;

        r = input_read(path, &text, &size);
        if (r < 0)
                return r;
        return text[strspn(text, " \t\r\n")] == '[' ? add_list(specs, file, text, size) : add_spec(specs, file, text, size);
}

/* Nothing is asked for before all files are known to be good. */
Outcome verb_create(Ctl* ctl, char** arguments) {
        _cleanup_specs_ Specs specs = {};

        STRV_FOREACH(path, arguments)
                if (read_file(&specs, *path) < 0)
                        return OUTCOME_FAILED;
        if (specs.n == 0) {
                ctl_say("There is no node to create");
                return OUTCOME_FAILED;
        }
        return spec_calls_run(ctl, specs.items, specs.n);
}
