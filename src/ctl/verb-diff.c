/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "wire/names.h"

static const TableColumn columns[] = { { "NODE", false, true }, { "CHANGE", false, false }, { "WHICH MEANS", false, true } };

static const struct {
        const char *change, *meaning;
        Style style;
} changes[] = {
        { "create", "it is new in node.cfg", STYLE_GOOD },
        { "destroy", "node.cfg does not have it any more", STYLE_BAD },
        { "restart", "its process would be another one", STYLE_BUSY },
        { "limits", "its scope gets other limits, and it runs on", STYLE_PLAIN },
        { "layout", "it runs on with an older layout of its cluster", STYLE_PLAIN },
        { "config", "it does not run, and will be another one when it does", STYLE_PLAIN },
        { "origin", "it becomes a static node, and runs on", STYLE_PLAIN },
};

static void add_row(Table* table, const char* node, const char* change) {
        for (size_t i = 0; i < ELEMENTSOF(changes); i++)
                if (strcmp(changes[i].change, change) == 0) {
                        table_add(table, STYLE_PLAIN, node);
                        table_add(table, changes[i].style, change);
                        table_add(table, STYLE_PLAIN, changes[i].meaning);
                        return;
                }
        /* of a supervisor that is newer */
        table_add(table, STYLE_PLAIN, node);
        table_add(table, STYLE_PLAIN, change);
        table_add(table, STYLE_PLAIN, NULL);
}

/* A reload makes all changes but one: who runs on with an older layout does so until it is started again. */
static void print_way_out(size_t n_changes, size_t n_outdated) {
        if (n_changes + n_outdated == 0)
                printf("A reload would change nothing.\n");
        else
                putchar('\n');
        if (n_changes > 0)
                printf("%zu change%s. To make %s: zsupctl reload\n", n_changes, n_changes == 1 ? "" : "s",
                       n_changes == 1 ? "it" : "them");
        if (n_outdated > 0)
                printf("%zu node%s with an older layout. To give %s the new one: zsupctl reload, then zsupctl restart NODE\n",
                       n_outdated, n_outdated == 1 ? "" : "s", n_outdated == 1 ? "it" : "them");
}

static void print_table(Ctl* ctl, const json_t* list) {
        _cleanup_table_ Table* table = table_new(columns, ELEMENTSOF(columns));
        size_t i, n_outdated = 0;
        json_t* entry;

        json_array_foreach((json_t*) list, i, entry) {
                const char* change = status_text(entry, "change");

                add_row(table, status_text(entry, "node"), change);
                n_outdated += strcmp(change, "layout") == 0;
        }
        ctl_print_table(ctl, table);
        if (ctl->options.legend)
                print_way_out(table_rows(table) - n_outdated, n_outdated);
}

/* From pairs to objects, which say what is what. */
static json_t* name_members(const json_t* pairs) {
        json_t *list = json_array(), *pair;
        size_t i;

        json_array_foreach((json_t*) pairs, i, pair)
                json_array_append_new(list, json_pack("{s:O, s:O}", "node", json_array_get(pair, 0), "change",
                                                      json_array_get(pair, 1)));
        return list;
}

Outcome verb_diff(Ctl* ctl, char** arguments) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        json_auto_t *pairs = NULL, *list = NULL;
        Outcome outcome = ctl_connect(ctl);

        if (outcome != OUTCOME_DONE)
                return outcome;
        /* it has files read and name servers asked, and somebody may have to type a password before */
        (void) sd_bus_set_method_call_timeout(ctl->bus, UINT64_MAX);
        (void) ctl_open_polkit_agent(ctl);
        m = ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "Diff");
        outcome = ctl_call(ctl, m, "compare the configuration with what runs", &reply);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (json_read_message(reply, &pairs) < 0) {
                ctl_say("Failed to read what the supervisor replied");
                return OUTCOME_FAILED;
        }

        list = name_members(pairs);
        if (ctl->options.json != JSON_MODE_OFF)
                ctl_print_json(ctl, json_incref(list));
        else
                print_table(ctl, list);
        return OUTCOME_DONE;
}
