/* SPDX-License-Identifier: BSD-3-Clause */
/* How long others take.
 *
 *   stopwatch starts N COMMAND...    runs the command, which has somebody start a node; "start" is the time until it runs
 *   stopwatch crashes N COMMAND...   runs it once, and then kills the node N times; "crash" is the time until the next runs
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"

/* Longer than a program has to run for its supervisors to call that a start. */
#define UPTIME_USEC 1300000U

static pid_t start(char* command[], int stamps, Stamp* ret) {
        posix_spawn_file_actions_t actions;
        pid_t pid;

        /* what it prints is no figure */
        must(-posix_spawn_file_actions_init(&actions), command[0]);
        must(-posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0), command[0]);
        must(-posix_spawnp(&pid, command[0], &actions, NULL, command, environ), command[0]);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (!stamps_wait(stamps, ret))
                must(-ETIMEDOUT, command[0]);
        return pid;
}

static void starts(unsigned n, char* command[], int stamps) {
        for (unsigned i = 0; i < n; i++) {
                uint64_t began = now_ns();
                Stamp stamp;
                pid_t pid = start(command, stamps, &stamp);

                report("start", stamp.at - began);
                (void) kill(stamp.pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                (void) usleep(100000);
        }
}

static void crashes(unsigned n, char* command[], int stamps) {
        Stamp stamp;
        pid_t pid = start(command, stamps, &stamp);

        (void) waitpid(pid, NULL, 0);
        for (unsigned i = 0; i < n; i++) {
                uint64_t began;

                (void) usleep(UPTIME_USEC);
                began = now_ns();
                (void) kill(stamp.pid, SIGKILL);
                if (!stamps_wait(stamps, &stamp))
                        must(-ETIMEDOUT, command[0]);
                report("crash", stamp.at - began);
        }
}

int main(int argc, char* argv[]) {
        unsigned n = argc > 3 ? (unsigned) strtoul(argv[2], NULL, 10) : 0;

        if (n == 0)
                return EXIT_FAILURE;
        if (strcmp(argv[1], "starts") == 0)
                starts(n, argv + 3, stamps_open());
        else
                crashes(n, argv + 3, stamps_open());
        return EXIT_SUCCESS;
}
