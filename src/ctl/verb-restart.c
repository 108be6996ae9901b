/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/calls.h"
#include "ctl/node-calls.h"

Outcome verb_restart(Ctl* ctl, char** arguments) {
        static const CallWords words = {
                .object = "node",
                .verb = "restart",
                .doing = "Restarting",
                .done = "Restarted",
                .settled = "up",
        };

        return node_calls_run(ctl, &words, arguments, "Restart");
}
