/* SPDX-License-Identifier: BSD-3-Clause */

/* zeek-hosts NAME...: addresses of hosts, and which of them is this machine (config/host-answer.h). The supervisor has no
 * network, and no time to wait for name servers; the stem runs this for it, without rights. */

#include <stdio.h>
#include <stdlib.h>

#include "config/host-answer.h"
#include "util/alloc.h"

int main(int argc, char** argv) {
        size_t n = argc > 0 ? (size_t) argc - 1 : 0;
        HostAnswer* answers;

        if (n > HOSTS_MAX) {
                (void) fprintf(stderr, "More than %u hosts\n", HOSTS_MAX);
                return EXIT_FAILURE;
        }
        answers = host_answers_look_up(argv + 1, n);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char* line = host_answer_to_string(&answers[i]);

                (void) puts(line);
        }
        host_answers_free(answers, n);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
