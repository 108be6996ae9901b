/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/calls.h"
#include "ctl/node-calls.h"

Outcome verb_destroy(Ctl* ctl, char** arguments) {
        static const CallWords words = {
                .object = "node",
                .verb = "destroy",
                .doing = "Destroying",
                .done = "Destroyed",
                .settled = "gone",
        };

        return node_calls_run(ctl, &words, arguments, "Destroy");
}
