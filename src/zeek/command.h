/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A node's command line (zeek-facts 3.1):
 *
 *   BINARY Arguments= [-b] [-i IF | -r PCAP] [-U .status]
 *          [backend script] [logger script] addl_base_scripts Scripts= addl_user_scripts
 *
 * The first two come first of all scripts, so that the others can redefine their options. */

#include "config/settings.h"
#include "core/node-spec.h"
#include "zeek/version.h"

/* The script that selects the cluster backend, or NULL where there must be none. From 8.1 on a cluster node that
 * selects no backend ends at once; the scripts exist from 7.1 (ZeroMQ) and 8.1 (Broker) on; before, Broker goes
 * without saying. */
const char* zeek_backend_script(ZeekBackend backend, ZeekVersion version, const NodeSpec* spec);

/* The script of ours that whoever writes the logs of a cluster loads: a logger, or a manager without one; NULL for all
 * others, and for what is not known to be Zeek. It is found along ZEEKPATH. */
const char* zeek_logger_script(ZeekVersion version, const NodeSpec* spec);
/* Does the node load that script, for that reason or because its configuration has it? */
bool zeek_loads_logger_script(ZeekVersion version, const NodeSpec* spec);

/* The status file that a node is asked to write, in its working directory; NULL for what is not known to be Zeek. */
const char* zeek_command_status_file(ZeekVersion version);

/* argv, a vector for strv_free(). */
char** zeek_command(const char* binary, const ZeekSettings* settings, ZeekVersion version, const NodeSpec* spec);
