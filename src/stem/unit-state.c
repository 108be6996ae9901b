/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "stem/unit-state.h"

static UnitState judge(const char* active_state, uint32_t job, const char* job_type) {
        bool failed = strcmp(active_state, "failed") == 0;
        bool ended = failed || strcmp(active_state, "inactive") == 0;
        bool ends = strcmp(active_state, "deactivating") == 0;

        if (job == 0)
                return failed ? UNIT_FAILED : ended ? UNIT_AT_REST : UNIT_ALIVE;
        return ends && (strcmp(job_type, "stop") == 0 || strcmp(job_type, "restart") == 0) ? UNIT_STOPPING : UNIT_ALIVE;
}

int unit_state_read(sd_bus_message* reply, UnitState* ret) {
        const char *active_state, *job_type;
        uint32_t job;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'r', "ssssssouso");
        if (r <= 0)
                return r < 0 ? r : -ENXIO;
        r = sd_bus_message_read(reply, "ssssssouso", NULL, NULL, NULL, &active_state, NULL, NULL, NULL, &job, &job_type,
                                NULL);
        if (r < 0)
                return r;

        *ret = judge(active_state, job, job_type);
        return 0;
}
