/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The objects of nodes on the bus: interface org.zeek.Supervisor.Node. */

#include "supervisor/supervisor.h"

int node_face_register(Supervisor* s);
