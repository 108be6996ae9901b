/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The working directory of a child, between fork and exec: made as in `mkdir -p`, and removed again as far as it is ours
 * to remove (launch-directories.h). Everything here is safe between fork and exec. */

#include "child/launch-directories.h"

void working_directory_init(LaunchDirectories* directories, DirectoryUse use);

/* 0 or -errno. What was made before something failed is removed by working_directory_remove(). The path is absolute, and
 * shorter than PATH_MAX. */
int working_directory_make(const char* path);
void working_directory_remove(void);
