/* SPDX-License-Identifier: BSD-3-Clause */

/* A zeek-forker whose children stop right before they execute something, until there is the file that their environment begins
 * with. */

#include <unistd.h>

#include "child/passed-calls.h"

int __real_passed_execve(const char* path, char* const* arguments, char* const* environment);
int __wrap_passed_execve(const char* path, char* const* arguments, char* const* environment);

int __wrap_passed_execve(const char* path, char* const* arguments, char* const* environment) {
        while (access(environment[0], F_OK) < 0)
                (void) usleep(1000);
        return __real_passed_execve(path, arguments, environment);
}
