/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A hook as the command line gives it: FILE.hook, or NAME KEY=VALUE…, with the keys of such files. */

#include "output/hook.h"

/* NULL, and it has been said why: a hook with a doubt about it is none. */
Hook* hook_input_read(char* const* arguments);
