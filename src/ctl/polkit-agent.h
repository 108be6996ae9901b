/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* polkit asks for passwords through an agent. A desktop has one; on a bare terminal it is pkttyagent(1), started for as long
 * as zsupctl runs, as systemctl does it. */

#include <sys/types.h>

/* Starts the agent if there is a terminal to ask on, and waits until it is registered. Its process; 0: there is none. */
pid_t polkit_agent_open(void);
/* Ends it. Nothing for 0. */
void polkit_agent_close(pid_t agent);
