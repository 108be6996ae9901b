/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/selection.h"
#include "wire/names.h"

char* node_object_path(const char* name) {
        char* path = NULL;
        int r = sd_bus_path_encode(NODE_PATH_PREFIX, name, &path);

        assert(r >= 0);
        return path;
}

/* Reads a reply that is one value. */
static Outcome read_reply(sd_bus_message* reply, json_t** ret) {
        int r = json_read_message(reply, ret);

        if (r >= 0)
                return OUTCOME_DONE;
        ctl_say("Failed to read what the supervisor replied: %s", strerror(-r));
        return OUTCOME_FAILED;
}

/* For completion, on every press of a key: silence is the answer when nobody answers. */
static Outcome fetch_quietly(Ctl* ctl, sd_bus_message* m, json_t** ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;

        (void) sd_bus_message_set_auto_start(m, false);
        if (sd_bus_call(ctl->bus, m, 0, NULL, &reply) < 0 || json_read_message(reply, ret) < 0)
                return OUTCOME_UNREACHABLE;
        return OUTCOME_DONE;
}

Outcome nodes_fetch(Ctl* ctl, json_t** ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        Outcome outcome = ctl_connect(ctl);
        const char* name;
        json_t* status;

        if (outcome != OUTCOME_DONE)
                return outcome;
        m = ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "Status");
        if (!m || sd_bus_message_append(m, "s", "") < 0)
                return OUTCOME_FAILED;
        if (ctl->options.names)
                return fetch_quietly(ctl, m, ret);

        outcome = ctl_call(ctl, m, "ask for the nodes", &reply);
        if (outcome == OUTCOME_DONE)
                outcome = read_reply(reply, ret);
        if (outcome != OUTCOME_DONE)
                return outcome;
        json_object_foreach(*ret, name, status)
                json_make_ports(json_object_get(status, "node"));
        return OUTCOME_DONE;
}

Outcome nodes_select(Ctl* ctl, char** arguments, json_t** ret) {
        _cleanup_strv_free_ char** missing = NULL;
        json_auto_t* nodes = NULL;
        Outcome outcome = nodes_fetch(ctl, &nodes);

        if (outcome != OUTCOME_DONE)
                return outcome;
        missing = selection_missing(arguments, nodes);
        STRV_FOREACH(name, missing)
                ctl_say("There is no node '%s'", *name);
        *ret = selection_sort(&ctl->options, arguments, nodes);
        return missing ? OUTCOME_NO_SUCH : OUTCOME_DONE;
}

void nodes_shorten(json_t* nodes) {
        json_t* status;
        size_t i;

        json_array_foreach(nodes, i, status) {
                json_object_del(status, "node");
                json_object_del(status, "last_output");
        }
}

static Outcome select_names(Ctl* ctl, char** arguments, char*** ret) {
        json_auto_t *nodes = NULL, *selected = NULL;
        Outcome outcome = nodes_fetch(ctl, &nodes);
        json_t* status;
        size_t i;

        if (outcome != OUTCOME_DONE)
                return outcome;
        selected = selection_sort(&ctl->options, arguments, nodes);
        json_array_foreach(selected, i, status)
                strv_extend(ret, status_text(status, "name"));
        return OUTCOME_DONE;
}

Outcome nodes_name(Ctl* ctl, const char* verb, char** arguments, char*** ret) {
        const Options* o = &ctl->options;
        bool filtered = o->roles != 0 || o->states != 0, has_glob = false;
        _cleanup_strv_free_ char** names = NULL;
        Outcome outcome = OUTCOME_DONE;

        STRV_FOREACH(argument, arguments)
                has_glob = has_glob || name_is_glob(*argument);

        if (o->all && arguments[0]) {
                ctl_say("Either --all or names of nodes, not both");
                return OUTCOME_USAGE;
        }
        if (!o->all && !filtered && !arguments[0]) {
                ctl_say("Which nodes? Name them, or choose them with --role= or --state=, or say --all.");
                return OUTCOME_USAGE;
        }

        if (filtered)
                outcome = select_names(ctl, arguments, &names);
        else if (o->all)
                strv_extend(&names, "");
        else
                STRV_FOREACH(argument, arguments) {
                        char* const one[] = { *argument, NULL };

                        if (!name_is_glob(*argument))
                                strv_extend(&names, *argument);
                        else if (outcome == OUTCOME_DONE)
                                outcome = select_names(ctl, (char**) one, &names);
                }
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (!names) {
                ctl_say("No node matches, nothing to %s", verb);
                return OUTCOME_NO_SUCH;
        }
        *ret = take_ptr(names);
        return OUTCOME_DONE;
}

Outcome nodes_get_properties(Ctl* ctl, const char* path, const char* interface, json_t** ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        Outcome outcome = ctl_connect(ctl);

        if (outcome != OUTCOME_DONE)
                return outcome;
        m = ctl_new_call(ctl, path, "org.freedesktop.DBus.Properties", "GetAll");
        if (!m || sd_bus_message_append(m, "s", interface) < 0)
                return OUTCOME_FAILED;
        outcome = ctl_call(ctl, m, "read properties", &reply);
        return outcome == OUTCOME_DONE ? read_reply(reply, ret) : outcome;
}
