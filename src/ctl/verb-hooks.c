/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/calls.h"
#include "ctl/hook-input.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "wire/hook-codec.h"
#include "wire/names.h"

static sd_bus_message* new_call(Ctl* ctl, const char* member) {
        return ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, member);
}

/* ---- hooks list ---- */

static const TableColumn columns[] = {
        { "HOOK", false, true },      { "STREAM", false, false },   { "NODES", false, true },
        { "DOES", false, true },      { "MATCHED", true, false },   { "SUPPRESSED", true, false },
        { "FAILED", true, false },    { "SOURCE", false, true },
};

static char* join_words(const json_t* hook, const char* key, const char* separator) {
        _cleanup_strv_free_ char** words = NULL;
        json_t* word;
        size_t i;

        json_array_foreach(json_object_get(hook, key), i, word)
                if (json_is_string(word))
                        strv_extend(&words, json_string_value(word));
        return strv_join(words, separator);
}

/* "worker-*", "role worker", "all" */
static char* describe_nodes(const json_t* hook) {
        _cleanup_free_ char *nodes = join_words(hook, "node", " "), *roles = join_words(hook, "role", " ");

        if (!nodes[0] && !roles[0])
                return xstrdup("all");
        if (!roles[0])
                return take_ptr(nodes);
        return xasprintf("%s%srole %s", nodes, nodes[0] ? ", " : "", roles);
}

/* "suppress /packet filter/", "ask /usr/bin/filter -x" */
static char* describe_deed(const json_t* hook) {
        _cleanup_free_ char *patterns = join_words(hook, "match", "/, /"), *exec = join_words(hook, "exec", " ");
        const char* action = status_text(hook, "action");
        _cleanup_strv_free_ char** deeds = NULL;

        if (exec[0])
                strv_extendf(&deeds, "ask %s", exec);
        else if (action[0])
                strv_extend(&deeds, action);
        if (status_has(hook, "priority") || status_has(hook, "set_field"))
                strv_extend(&deeds, "mark");
        if (!deeds)
                strv_extend(&deeds, "count");
        if (patterns[0])
                strv_extendf(&deeds, "/%s/", patterns);
        return strv_join(deeds, " ");
}

static void print_table(Ctl* ctl, const json_t* hooks) {
        _cleanup_table_ Table* table = table_new(columns, ELEMENTSOF(columns));
        const Options* o = &ctl->options;
        json_t* hook;
        size_t i;

        json_array_foreach((json_t*) hooks, i, hook) {
                table_add(table, STYLE_PLAIN, status_text(hook, "name"));
                table_add(table, STYLE_PLAIN, status_text(hook, "stream"));
                table_take(table, STYLE_PLAIN, describe_nodes(hook));
                table_take(table, STYLE_PLAIN, describe_deed(hook));
                table_take(table, STYLE_PLAIN, status_count(hook, "matched"));
                table_take(table, STYLE_PLAIN, status_count(hook, "suppressed"));
                table_take(table, status_number(hook, "failures") > 0 ? STYLE_BAD : STYLE_PLAIN,
                           status_count(hook, "failures"));
                table_add(table, STYLE_PLAIN, status_text(hook, "source"));
        }
        ctl_print_table(ctl, table);
        if (o->legend)
                printf(table_rows(table) > 0 ? "\n%zu hook%s, in the order in which they apply.\n" : "No hooks.\n",
                       table_rows(table), table_rows(table) == 1 ? "" : "s");
}

static Outcome list_hooks(Ctl* ctl, char** arguments) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = new_call(ctl, "ListHooks"), *reply = NULL;
        json_auto_t* hooks = NULL;
        Outcome outcome;
        int r;

        outcome = ctl_call(ctl, m, "list the hooks", &reply);
        if (outcome != OUTCOME_DONE)
                return outcome;
        r = json_read_message(reply, &hooks);
        if (r < 0) {
                ctl_say("Failed to read the list of hooks: %s", strerror(-r));
                return OUTCOME_FAILED;
        }
        if (ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(ctl, take_ptr(hooks));
        else
                print_table(ctl, hooks);
        return OUTCOME_DONE;
}

/* ---- hooks add, hooks remove ---- */

static Outcome add_hook(Ctl* ctl, char** arguments) {
        static const CallWords words = { .object = "hook", .verb = "add", .done = "Added" };
        _cleanup_calls_ Calls* calls = calls_new(ctl, &words);
        _cleanup_hook_ Hook* hook = hook_input_read(arguments);
        sd_bus_message* m;

        if (!hook)
                return OUTCOME_FAILED;
        m = new_call(ctl, "AddHook");
        if (m && hook_append_request(m, hook) >= 0)
                calls_add(calls, hook->name, 0, m);
        return calls_run(calls);
}

static Outcome remove_hooks(Ctl* ctl, char** arguments) {
        static const CallWords words = { .object = "hook", .verb = "remove", .done = "Removed" };
        _cleanup_calls_ Calls* calls = calls_new(ctl, &words);

        STRV_FOREACH(name, arguments) {
                sd_bus_message* m = new_call(ctl, "RemoveHook");

                if (m && sd_bus_message_append(m, "s", *name) >= 0)
                        calls_add(calls, *name, 0, m);
        }
        return calls_run(calls);
}

/* ---- hooks test ---- */

static void print_verdict(Ctl* ctl, json_t* verdict) {
        const char *hook = status_text(verdict, "hook"), *word = status_text(verdict, "verdict"), *name;
        bool suppressed = strcmp(word, "suppress") == 0;
        json_t* value;

        printf("%s%s%s", style_on(&ctl->terminal, suppressed ? STYLE_BAD : STYLE_GOOD), suppressed ? "suppressed" : "passes",
               style_off(&ctl->terminal, STYLE_GOOD));
        if (hook[0]) {
                _cleanup_free_ char* clean = text_clean(hook);

                printf(" by %s", clean);
        }
        if (!suppressed)
                printf(", priority %lld", (long long) status_number(verdict, "priority"));
        json_object_foreach(json_object_get(verdict, "fields"), name, value) {
                _cleanup_free_ char *text = xasprintf("%s=%s", name, json_string_value(value)), *clean = text_clean(text);

                printf(", %s", clean);
        }
        putchar('\n');
}

static Outcome test_line(Ctl* ctl, const char* node, const char* stream, const char* line, json_t* all) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = new_call(ctl, "TestHooks"), *reply = NULL;
        json_auto_t* verdict = NULL;
        Outcome outcome;

        if (!m || sd_bus_message_append(m, "sss", node, stream, line) < 0) {
                ctl_say("What the line holds is not UTF-8, so the bus cannot carry it");
                return OUTCOME_FAILED;
        }
        outcome = ctl_call(ctl, m, "test the line", &reply);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (json_read_message(reply, &verdict) < 0)
                return OUTCOME_FAILED;
        if (ctl->options.json == JSON_MODE_OFF)
                print_verdict(ctl, verdict);
        json_array_append(all, verdict);
        return OUTCOME_DONE;
}

/* NODE STREAM LINE; a line of "-" stands for those of standard input. */
static Outcome test_hooks(Ctl* ctl, char** arguments) {
        json_t* verdicts = json_array();
        bool many = strcmp(arguments[2], "-") == 0;
        Outcome outcome = OUTCOME_DONE;
        char* line = NULL;
        size_t size = 0;
        ssize_t n;

        if (!many)
                outcome = test_line(ctl, arguments[0], arguments[1], arguments[2], verdicts);
        while (many && outcome == OUTCOME_DONE && (n = getline(&line, &size, stdin)) > 0) {
                if (line[n - 1] == '\n')
                        line[n - 1] = '\0';
                outcome = test_line(ctl, arguments[0], arguments[1], line, verdicts);
        }
        free(line);
        if (outcome == OUTCOME_DONE && ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(ctl, json_incref(many ? verdicts : json_array_get(verdicts, 0)));
        json_decref(verdicts);
        return outcome;
}

/* ---- the verbs below the verb ---- */

static const struct {
        const char *name, *usage;
        unsigned min, max;
        Outcome (*run)(Ctl* ctl, char** arguments);
} subverbs[] = {
        { "list", "hooks list", 0, 0, list_hooks },
        { "add", "hooks add FILE.hook, or hooks add NAME KEY=VALUE...", 1, ARGUMENTS_MAX, add_hook },
        { "remove", "hooks remove NAME...", 1, ARGUMENTS_MAX, remove_hooks },
        { "test", "hooks test NODE stdout|stderr LINE|-", 3, 3, test_hooks },
};

Outcome verb_hooks(Ctl* ctl, char** arguments) {
        const char* name = arguments[0] ? arguments[0] : "list";
        size_t n = arguments[0] ? strv_length(arguments + 1) : 0;
        Outcome outcome;

        for (size_t i = 0; i < ELEMENTSOF(subverbs); i++) {
                if (strcmp(subverbs[i].name, name) != 0)
                        continue;
                if (n < subverbs[i].min || n > subverbs[i].max) {
                        ctl_say("Usage: zsupctl %s", subverbs[i].usage);
                        return OUTCOME_USAGE;
                }
                outcome = ctl_connect(ctl);
                return outcome == OUTCOME_DONE ? subverbs[i].run(ctl, arguments[0] ? arguments + 1 : arguments) : outcome;
        }
        ctl_say("'hooks' is followed by list, add, remove or test, not '%s'", name);
        return OUTCOME_USAGE;
}
