/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/node-calls.h"
#include "ctl/nodes.h"
#include "wire/names.h"

Outcome node_calls_run(Ctl* ctl, const CallWords* words, char** arguments, const char* method) {
        _cleanup_calls_ Calls* calls = calls_new(ctl, words);
        _cleanup_strv_free_ char** names = NULL;
        Outcome outcome = nodes_name(ctl, words->verb, arguments, &names);

        if (outcome == OUTCOME_DONE)
                outcome = ctl_connect(ctl);
        if (outcome != OUTCOME_DONE)
                return outcome;

        STRV_FOREACH(name, names) {
                sd_bus_message* m = ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, method);

                if (!m || sd_bus_message_append(m, "s", *name) < 0) {
                        sd_bus_message_unref(m);
                        ctl_say("'%s' is not the name of a node", *name);
                        return OUTCOME_USAGE;
                }
                calls_add(calls, *name, 0, m);
        }
        return calls_run(calls);
}
