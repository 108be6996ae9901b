/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a user gives to be read. */

#include <stddef.h>

/* Nobody writes more by hand, and nothing that zsupctl prints to be read again is larger. */
#define INPUT_SIZE_MAX (64U * 1024 * 1024)

/* How errors call it: the path, or "(standard input)" for "-". */
const char* input_name(const char* path);

/* Reads a whole file, of any kind (pipes too), or standard input for "-". NUL-terminated, allocated. On failure, -EFBIG or
 * what the system says, it has been said. */
int input_read(const char* path, char** ret, size_t* ret_size);
