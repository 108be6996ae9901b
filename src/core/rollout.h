/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The order in which something is done to many nodes: role by role, within a role all at once. Starting goes from
 * the loggers to the workers, stopping the other way. */

#include "core/registry.h"

typedef enum RolloutDirection {
        ROLLOUT_START,
        ROLLOUT_STOP,
} RolloutDirection;

typedef struct Rollout Rollout;

/* Remembers the names of all nodes that exist now; later ones are not concerned. */
Rollout* rollout_new(const Registry* registry, RolloutDirection direction);
Rollout* rollout_free(Rollout* rollout);

/* The names of the next wave, owned by the rollout; *ret_n is 0 when all had their turn. */
char* const* rollout_next_wave(Rollout* rollout, size_t* ret_n);
