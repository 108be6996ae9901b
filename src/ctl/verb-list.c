/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/node.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/summary.h"
#include "ctl/table.h"

static const TableColumn columns[] = {
        { "", false, false },
        { "NODE", false, true },
        { "ROLE", false, false },
        { "STATE", false, false },
        { "PID", true, false },
        { "SINCE", false, false },
        { "RESTARTS", true, false },
        { "MEMORY", true, false },
        { "CPU", true, false },
};

/* A node that runs and is not ready yet. */
static bool is_getting_ready(const json_t* status) {
        return strcmp(status_text(status, "state"), "running") == 0 && json_is_false(json_object_get(status, "ready"));
}

static void add_row(Table* table, const Terminal* terminal, const json_t* status, usec_t now) {
        const char* state = status_text(status, "state");
        Style style = is_getting_ready(status) ? STYLE_BUSY : state_style(state);

        table_add(table, style, state_dot(state, terminal->utf8));
        table_add(table, STYLE_PLAIN, status_text(status, "name"));
        table_add(table, STYLE_PLAIN, status_text(status, "role"));
        table_add(table, style, state);
        table_take(table, STYLE_PLAIN, status_pid(status));
        table_take(table, STYLE_PLAIN, format_relative(status_number(status, "since_usec"), now));
        table_take(table, status_number(status, "restarts") > 0 ? STYLE_BUSY : STYLE_PLAIN,
                   status_count(status, "restarts"));
        table_take(table, STYLE_PLAIN, status_bytes(status, "memory_current"));
        table_take(table, STYLE_PLAIN, status_cpu(status));
}

static void print_table(Ctl* ctl, const json_t* nodes) {
        _cleanup_table_ Table* table = table_new(columns, ELEMENTSOF(columns));
        _cleanup_free_ char* summary = summary_text(nodes);
        const Options* o = &ctl->options;
        usec_t now = now_usec(CLOCK_REALTIME);
        json_t* status;
        size_t i;

        json_array_foreach((json_t*) nodes, i, status)
                add_row(table, &ctl->terminal, status, now);

        ctl_print_table(ctl, table);
        if (o->legend)
                printf("%s%s.\n", table_rows(table) > 0 ? "\n" : "", summary);
}

Outcome verb_list(Ctl* ctl, char** arguments) {
        json_auto_t* nodes = NULL;
        Outcome outcome = nodes_select(ctl, arguments, &nodes);
        json_t* status;
        size_t i;

        if (!nodes)
                return outcome;
        if (ctl->options.names)
                json_array_foreach(nodes, i, status)
                        printf("%s\n", status_text(status, "name"));
        else if (ctl->options.json != JSON_MODE_OFF) {
                nodes_shorten(nodes);
                ctl_print_json(ctl, json_incref(nodes));
        } else
                print_table(ctl, nodes);
        return outcome;
}
