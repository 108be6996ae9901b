/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* `systemctl stop` of a node's scope. We are the scope's Controller= (org.freedesktop.systemd1(5)), so the service manager
 * does not kill anything but asks us, with the signal RequestStop, and we stop the node our way. It forgets us with our
 * connection; from then on the stem tells us of a stop (StopRequested in dbus/org.zeek.Stem.xml).
 *
 * The service manager asks the same when it has found that memory ran out in the scope (OOMPolicy=). The kernel has killed
 * the node by then and nobody wants it to stay down; what tells the two apart is that who stops a unit has a job for it. */

#include "supervisor/supervisor.h"

/* On the present bus. */
int stop_requests_watch(Supervisor* s);
