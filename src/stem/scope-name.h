/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What can be said about a scope by its name alone, without asking the service manager. */

#include <stdbool.h>
#include <sys/types.h>

bool scope_name_is_valid(const char* name);

/* Whether the kernel says that the process is in a scope of this name, or below it. */
bool scope_has_process(const char* name, pid_t pid);
