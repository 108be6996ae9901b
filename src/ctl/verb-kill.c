/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/calls.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "wire/names.h"

/* There is no method that signals all nodes: they are told one by one. */
static Outcome name_each(Ctl* ctl, char** arguments, char*** ret) {
        _cleanup_strv_free_ char** names = NULL;
        json_auto_t* nodes = NULL;
        Outcome outcome = nodes_name(ctl, "kill", arguments, &names);
        const char* name;
        json_t* status;

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (names[0][0]) {
                *ret = take_ptr(names);
                return OUTCOME_DONE;
        }
        outcome = nodes_fetch(ctl, &nodes);
        json_object_foreach(nodes, name, status)
                if (status_lives(status))
                        strv_extend(ret, name);
        return outcome;
}

Outcome verb_kill(Ctl* ctl, char** arguments) {
        static const CallWords words = { .object = "node", .verb = "kill", .done = "Signalled" };
        _cleanup_calls_ Calls* calls = calls_new(ctl, &words);
        _cleanup_strv_free_ char** names = NULL;
        Outcome outcome = name_each(ctl, arguments, &names);

        if (outcome == OUTCOME_DONE)
                outcome = ctl_connect(ctl);
        if (outcome != OUTCOME_DONE)
                return outcome;

        STRV_FOREACH(name, names) {
                _cleanup_free_ char* path = node_object_path(*name);
                sd_bus_message* m = ctl_new_call(ctl, path, NODE_INTERFACE, "Kill");

                if (m && sd_bus_message_append(m, "i", ctl->options.signal) >= 0)
                        calls_add(calls, *name, 0, m);
        }
        return calls_run(calls);
}
