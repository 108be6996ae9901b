/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Names of the D-Bus contract. */

#define SUPERVISOR_BUS_NAME "org.zeek.Supervisor"
#define SUPERVISOR_PATH "/org/zeek/Supervisor"
#define SUPERVISOR_INTERFACE "org.zeek.Supervisor"
#define NODE_PATH_PREFIX "/org/zeek/Supervisor/node"
#define NODE_INTERFACE "org.zeek.Supervisor.Node"

#define ERROR_INVALID_CONFIG "org.zeek.Supervisor.Error.InvalidConfig"
#define ERROR_NODE_EXISTS "org.zeek.Supervisor.Error.NodeExists"
#define ERROR_NO_SUCH_NODE "org.zeek.Supervisor.Error.NoSuchNode"
#define ERROR_NOT_SUPERVISED "org.zeek.Supervisor.Error.NotSupervised"
#define ERROR_LAUNCH_FAILED "org.zeek.Supervisor.Error.LaunchFailed"
#define ERROR_INVALID_HOOK "org.zeek.Supervisor.Error.InvalidHook"
#define ERROR_NO_SUCH_HOOK "org.zeek.Supervisor.Error.NoSuchHook"
#define ERROR_LIMITS_EXCEEDED "org.zeek.Supervisor.Error.LimitsExceeded"
