/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The part of org.zeek.Supervisor that is for monitoring: what is counted here, in families as OpenMetrics has them. Which
 * ones there are is a table of this module and of nobody else: who asks gets names, types and texts along with the numbers. */

#include "supervisor/supervisor.h"

/* On the object of the manager, as a further table of the same interface; has the calls of this connection measured. */
int metrics_face_register(Supervisor* s);
