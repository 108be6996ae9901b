/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/calls.h"
#include "wire/names.h"

Outcome verb_reload(Ctl* ctl, char** arguments) {
        static const CallWords words = { .object = "node", .verb = "reload the configuration of", .done = "Reloaded the configuration of" };
        _cleanup_calls_ Calls* calls = calls_new(ctl, &words);
        Outcome outcome = ctl_connect(ctl);
        sd_bus_message* m;

        if (outcome != OUTCOME_DONE)
                return outcome;
        m = ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "Reload");
        if (m)
                calls_add(calls, "", 0, m);
        return calls_run(calls);
}
