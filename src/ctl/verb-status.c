/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/summary.h"
#include "ctl/text.h"
#include "util/strv.h"
#include "wire/names.h"

#define LINES_DEFAULT 10

/* One line, as wide as the terminal at most. Takes the text; NULL is nothing to print. */
static void print_line(const Ctl* ctl, char* text) {
        _cleanup_free_ char *clean = NULL, *shown = NULL;

        if (!text)
                return;
        clean = text_clean(text);
        shown = ctl_columns(ctl) > 0 ? text_ellipsize(clean, ctl_columns(ctl), ctl->terminal.utf8) : xstrdup(clean);
        printf("%s\n", shown);
        free(text);
}

static void print_title(const Ctl* ctl, const char* state, const char* name, const char* what) {
        Style style = state_style(state);
        _cleanup_free_ char* clean = text_clean(name);

        printf("%s%s%s %s%s", style_on(&ctl->terminal, style), state_dot(state, ctl->terminal.utf8),
               style_off(&ctl->terminal, style), clean, what[0] ? " - " : "");
        print_line(ctl, xstrdup(what));
}

/* ---- a node ---- */

/* "running since Sun 2026-11-29 22:00:52 UTC; 3h 2min ago", the first word in its colour */
static void print_state(const Ctl* ctl, const json_t* status, usec_t now) {
        const char* state = status_text(status, "state");
        usec_t since = status_number(status, "since_usec");
        _cleanup_free_ char *clean = text_clean(state), *when = format_timestamp(since), *ago = format_relative(since, now);
        bool is_ready = !json_is_false(json_object_get(status, "ready"));

        printf("     State: %s%s%s%s since %s; %s\n", style_on(&ctl->terminal, state_style(state)), clean,
               style_off(&ctl->terminal, state_style(state)),
               strcmp(state, "running") == 0 && !is_ready ? " (not ready yet)" : "", when, ago);
}

/* "2; its last process exited with status 3; next in 4s". How a process ended that none came after is told with it. */
static char* describe_restarts(const json_t* status, usec_t now) {
        _cleanup_free_ char *exit = status_lives(status) ? status_exit(status) : NULL, *next = NULL;
        uint64_t n = status_number(status, "restarts");

        if (status_has(status, "next_restart_usec"))
                next = format_relative(status_number(status, "next_restart_usec"), now);
        if (n == 0 && !exit && !next)
                return NULL;
        return xasprintf("  Restarts: %llu%s%s%s%s", (unsigned long long) n, exit ? "; its last process " : "",
                         exit ? exit : "", next ? "; next " : "", next ? next : "");
}

/* "42", "42 (exited with status 3)" */
static char* describe_process(const json_t* status) {
        _cleanup_free_ char *pid = status_count(status, "pid"), *exit = status_lives(status) ? NULL : status_exit(status);

        if (!pid || (!exit && !status_lives(status)))
                return NULL;
        return xasprintf("  Main PID: %s%s%s%s", pid, exit ? " (" : "", exit ? exit : "", exit ? ")" : "");
}

static char* describe_memory(const json_t* status) {
        _cleanup_free_ char* now = status_bytes(status, "memory_current");
        const json_t* max = json_object_get(json_object_get(status, "node"), "memory_max");
        _cleanup_free_ char* most = json_is_integer(max) ? format_bytes((uint64_t) json_integer_value(max)) : NULL;

        if (!now && !most)
                return NULL;
        return xasprintf("    Memory: %s%s%s%s", now ? now : "not counted", most ? " (max: " : "", most ? most : "",
                         most ? ")" : "");
}

static char* describe(const char* format, char* value) {
        char* text = value ? xasprintf("%s%s", format, value) : NULL;

        free(value);
        return text;
}

static char* describe_lines(Ctl* ctl, const json_t* status) {
        return status_has(status, "lines_forwarded") ?
                xasprintf("     Lines: %llu to the journal, %llu suppressed, %llu dropped",
                          (unsigned long long) status_number(status, "lines_forwarded"),
                          (unsigned long long) status_number(status, "lines_suppressed"),
                          (unsigned long long) status_number(status, "lines_dropped")) : NULL;
}

static void print_last_lines(const Ctl* ctl, const json_t* status) {
        const json_t* lines = json_object_get(status, "last_output");
        size_t n = json_array_size(lines), wanted = ctl->options.lines < 0 ? LINES_DEFAULT : (size_t) ctl->options.lines;

        if (n > 0 && wanted > 0)
                putchar('\n');
        for (size_t i = n > wanted ? n - wanted : 0; i < n; i++) {
                const char* line = json_string_value(json_array_get(lines, i));

                print_line(ctl, xstrdup(line ? line : ""));
        }
}

static void print_node(Ctl* ctl, const json_t* status, usec_t now) {
        _cleanup_free_ char* what = xasprintf("%s, %s", status_text(status, "role"), status_text(status, "origin"));
        const char* input = status_input(status);

        print_title(ctl, status_text(status, "state"), status_text(status, "name"), what);
        print_state(ctl, status, now);
        print_line(ctl, describe_restarts(status, now));
        print_line(ctl, describe_process(status));
        print_line(ctl, describe("     Input: ", xstrdup_or_null(input)));
        print_line(ctl, describe("     Tasks: ", status_count(status, "tasks_current")));
        print_line(ctl, describe_memory(status));
        print_line(ctl, describe("       CPU: ", status_cpu(status)));
        print_line(ctl, describe_lines(ctl, status));
        print_line(ctl, describe("     Scope: ", xstrdup(status_text(status, "scope"))));
        print_last_lines(ctl, status);
}

/* The counters of lines are properties of the object alone. A node that is gone meanwhile has none. */
static void add_counters(Ctl* ctl, json_t* status) {
        static const char* const counters[][2] = {
                { "LinesForwarded", "lines_forwarded" },
                { "LinesSuppressed", "lines_suppressed" },
                { "LinesDropped", "lines_dropped" },
        };
        _cleanup_free_ char* path = node_object_path(status_text(status, "name"));
        json_auto_t* properties = NULL;

        if (nodes_get_properties(ctl, path, NODE_INTERFACE, &properties) != OUTCOME_DONE)
                return;
        for (size_t i = 0; i < ELEMENTSOF(counters); i++)
                json_object_set(status, counters[i][1], json_object_get(properties, counters[i][0]));
}

static Outcome show_nodes(Ctl* ctl, char** arguments) {
        json_auto_t* nodes = NULL;
        Outcome outcome = nodes_select(ctl, arguments, &nodes);
        usec_t now = now_usec(CLOCK_REALTIME);
        json_t* status;
        size_t i;

        json_array_foreach(nodes, i, status)
                add_counters(ctl, status);
        if (nodes && ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(ctl, json_incref(nodes));
        else
                ctl_open_pager(ctl);
        json_array_foreach(nodes, i, status) {
                if (ctl->options.json == JSON_MODE_OFF) {
                        if (i > 0)
                                putchar('\n');
                        print_node(ctl, status, now);
                }
                if (outcome == OUTCOME_DONE && strcmp(status_text(status, "state"), "running") != 0)
                        outcome = OUTCOME_NOT_RUNNING;
        }
        if (outcome == OUTCOME_DONE && json_array_size(nodes) == 0 && ctl->options.legend)
                ctl_tell(ctl, "No nodes.");
        return outcome;
}

/* ---- the supervisor ---- */

/* Of who owns the name, which is no property of an object. */
static char* supervisor_pid(Ctl* ctl) {
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds* creds = NULL;
        pid_t pid;

        if (sd_bus_get_name_creds(ctl->bus, SUPERVISOR_BUS_NAME, SD_BUS_CREDS_PID, &creds) < 0 ||
            sd_bus_creds_get_pid(creds, &pid) < 0)
                return NULL;
        return xasprintf("%d", pid);
}

/* "● worker-1", "↻ worker-2 (waiting)" */
static void print_node_in_short(Ctl* ctl, const json_t* status) {
        const char* state = status_text(status, "state");
        _cleanup_free_ char *name = text_clean(status_text(status, "name")), *word = text_clean(state);
        bool runs = strcmp(state, "running") == 0;

        printf("            %s%s%s %s%s%s%s\n", style_on(&ctl->terminal, state_style(state)),
               state_dot(state, ctl->terminal.utf8), style_off(&ctl->terminal, state_style(state)), name,
               runs ? "" : " (", runs ? "" : word, runs ? "" : ")");
}

static void print_supervisor(Ctl* ctl, const json_t* p, const json_t* nodes) {
        _cleanup_free_ char *summary = summary_text(nodes), *what = xasprintf("zeek-supervisor %s", status_text(p, "Version"));
        const char *binary = status_text(p, "ZeekBinary"), *version = status_text(p, "ZeekVersion");
        json_t* status;
        size_t i;

        ctl_open_pager(ctl);
        print_title(ctl, "running", SUPERVISOR_BUS_NAME, what);
        print_line(ctl, xasprintf("      Zeek: %s%s%s%s", binary[0] ? binary : "none was found; see Binary= in supervisor.conf(5)",
                                  version[0] ? " (" : "", version, version[0] ? ")" : ""));
        print_line(ctl, describe("  Main PID: ", supervisor_pid(ctl)));
        print_line(ctl, describe("  Stem PID: ", status_number(p, "StemPID") > 0 ? status_count(p, "StemPID") : NULL));
        print_line(ctl, describe("     Hooks: ", status_count(p, "NHooks")));
        print_line(ctl, xasprintf("     State: %s", summary));

        json_array_foreach((json_t*) nodes, i, status)
                print_node_in_short(ctl, status);
}

static Outcome show_supervisor(Ctl* ctl, char** arguments) {
        json_auto_t *properties = NULL, *nodes = NULL;
        Outcome outcome = nodes_get_properties(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, &properties);

        if (outcome == OUTCOME_DONE)
                outcome = nodes_select(ctl, arguments, &nodes);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(ctl, take_ptr(properties));
        else
                print_supervisor(ctl, properties, nodes);
        return OUTCOME_DONE;
}

Outcome verb_status(Ctl* ctl, char** arguments) {
        bool choose = arguments[0] || ctl->options.roles != 0 || ctl->options.states != 0;

        return choose ? show_nodes(ctl, arguments) : show_supervisor(ctl, arguments);
}
