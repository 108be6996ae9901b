/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "ctl/calls.h"
#include "ctl/spec-calls.h"
#include "wire/names.h"
#include "wire/spec-codec.h"

static int compare_roles(const void* a, const void* b) {
        const NodeSpec *x = *(NodeSpec* const*) a, *y = *(NodeSpec* const*) b;

        return x->role != y->role ? (int) x->role - (int) y->role : strverscmp(x->name, y->name);
}

Outcome spec_calls_run(Ctl* ctl, NodeSpec** specs, size_t n) {
        static const CallWords words = {
                .object = "node",
                .verb = "create",
                .doing = "Creating",
                .done = "Created",
                .settled = "up",
        };
        _cleanup_calls_ Calls* calls = calls_new(ctl, &words);
        Outcome outcome = ctl_connect(ctl);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (n > 0)
                qsort(specs, n, sizeof(NodeSpec*), compare_roles);
        for (size_t i = 0; i < n; i++) {
                sd_bus_message* m = ctl_new_call(ctl, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "Create");

                if (!m || spec_append(m, specs[i]) < 0) {
                        sd_bus_message_unref(m);
                        ctl_say("Failed to make a message of '%s'", specs[i]->name);
                        return OUTCOME_FAILED;
                }
                calls_add(calls, specs[i]->name, specs[i]->role, m);
        }
        return calls_run(calls);
}
