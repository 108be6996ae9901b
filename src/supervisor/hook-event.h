/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The story of the program of a hook in the journal; see milestones.h for that of a node. */

#include "output/hook.h"
#include "supervisor/helper-host.h"
#include "util/usec.h"

void hook_event_started(const HelperHostPlace* place, const Hook* hook);
/* why: a sentence without its subject, the program; n_lines have passed for it just now; it is started again after the
 * delay. */
void hook_event_failed(const HelperHostPlace* place, const Hook* hook, const char* why, unsigned n_lines, usec_t delay);
