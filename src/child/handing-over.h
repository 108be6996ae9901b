/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child makes itself and its parent has to have, on its way to it (stem/handover.h). */

#include "link/node-fds.h"

/* Hands over those that are not empty, if there are any: all in one message, whose bytes say what they are. Safe between fork
 * and exec, and has a pass (passed-calls.h). 0 or -errno. */
int hand_over(int socket, const int fds[_NODE_FD_MAX]);
