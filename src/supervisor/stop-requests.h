/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* `systemctl stop` of a node's scope. We are the scope's Controller= (org.freedesktop.systemd1(5)), so the service manager
 * does not kill anything but asks us, with the signal RequestStop, and we stop the node our way. */

#include "supervisor/supervisor.h"

int stop_requests_watch(Supervisor* s);
