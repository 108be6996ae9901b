/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include "child/child-warning.h"
#include "child/passed-calls.h"

#define WARNING_SIZE_MAX 512U

void child_warn(const char* node, const char* what, int error) {
        const char* why = strerrordesc_np(error);
        const char* const parts[] = { "node '", node ? node : "", "' failed to ", what, ": ", why ? why : "unknown error", "\n" };
        char text[WARNING_SIZE_MAX];
        size_t size = 0;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                size_t n = min_size(strlen(parts[i]), sizeof text - size);

                memcpy(text + size, parts[i], n);
                size += n;
        }
        (void) !passed_write(STDERR_FILENO, text, size);
}
