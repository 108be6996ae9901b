/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Commands on another host, by ssh(1): for what is not on its bus. The host is said as sd-bus has it said,
 * "[USER@]HOST[:PORT][/CONTAINER]". */

#include <stdbool.h>

#include "util/strv.h"

/* The exit status of ssh itself; others are those of the command. */
#define SSH_FAILED 255

/* The container on that host, or NULL. Points into host. */
const char* ssh_container(const char* host);

/* The command line of an ssh that runs a command on that host (not in its container), with its words as they are
 * whatever they hold; for strv_free(). terminal: it has ours, as if it ran here; else it reads nothing. */
char** ssh_command(const char* host, bool terminal, char* const* command);
