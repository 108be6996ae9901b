/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A child that is there before somebody wants it.
 *
 * To fork, and what a child does first whatever its order is, is a good part of what a start takes. So a stem that has
 * launched something makes another child as soon as it has nothing else to do, and the next launch begins with it. It waits for
 * its order in the stem's control group, has the stem's rights as the stem itself does, listens to nobody but the stem, and
 * ends with it. */

#include <systemd/sd-event.h>

#include "stem/process.h"
#include "util/alloc.h"

typedef struct SpareChild SpareChild;

/* There is none yet. The settings are weak. */
int spare_child_new(sd_event* event, const SpawnSettings* settings, SpareChild** ret);
SpareChild* spare_child_free(SpareChild* spare);
DEFINE_CLEANUP(SpareChild*, spare_child_free)

/* Makes one, when the loop has nothing else to do. */
void spare_child_want(SpareChild* spare);

/* Gives away the one that is there, or else makes a child as process_make() does for a node. */
int spare_child_obtain(SpareChild* spare, int input_fd, Process* ret);
