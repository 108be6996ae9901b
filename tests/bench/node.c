/* SPDX-License-Identifier: BSD-3-Clause */
/* The program that all parties start. It says that it runs and stays; its environment may ask for more:
 *
 *   BENCH_LINES=N     prints N lines of 100 bytes as fast as they are taken, 0: without end
 *   BENCH_QUIET=MSEC  prints a line with the time every so often
 *   BENCH_END=1       ends after its lines
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

static void print_lines(uint64_t n) {
        for (uint64_t i = 0; n == 0 || i < n; i++)
                printf(LINE_FORMAT "\n", i % 100000000);
        (void) fflush(stdout);
}

static void print_times(unsigned interval_msec) {
        const struct timespec interval = { interval_msec / 1000, (long) (interval_msec % 1000) * 1000000 };

        for (;;) {
                printf("at %" PRIu64 "\n", now_ns());
                (void) fflush(stdout);
                (void) nanosleep(&interval, NULL);
        }
}

int main(int argc, char* argv[]) {
        const char *lines = getenv("BENCH_LINES"), *quiet = getenv("BENCH_QUIET");

        /* the supervisor's question, which this program has no answer to */
        if (argc == 2 && strcmp(argv[1], "--version") == 0)
                return EXIT_FAILURE;

        stamp_send();
        if (lines)
                print_lines(strtoull(lines, NULL, 10));
        if (quiet)
                print_times((unsigned) strtoul(quiet, NULL, 10));
        if (getenv("BENCH_END"))
                return EXIT_SUCCESS;
        for (;;)
                (void) pause();
}
