/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The manager object on the bus: interface org.zeek.Supervisor, Zeek's Supervisor API. */

#include "supervisor/supervisor.h"

int manager_face_register(Supervisor* s);
