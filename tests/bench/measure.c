/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

#define STAMPS_PATH "/run/zeek-bench-stamps"
#define STAMP_TIMEOUT_MSEC 20000

static const struct sockaddr_un stamps_address = { .sun_family = AF_UNIX, .sun_path = STAMPS_PATH };

uint64_t now_ns(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * 1000000000U + (uint64_t) now.tv_nsec;
}

void report(const char* key, uint64_t value) {
        printf("%s %" PRIu64 "\n", key, value);
}

int must(int r, const char* what) {
        if (r >= 0)
                return r;
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

void stamp_send(void) {
        const Stamp stamp = { .pid = getpid(), .at = now_ns() };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) sendto(fd, &stamp, sizeof stamp, MSG_DONTWAIT, (const struct sockaddr*) &stamps_address,
                      sizeof stamps_address);
        (void) close(fd);
}

int stamps_open(void) {
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) unlink(STAMPS_PATH);
        if (fd < 0 || bind(fd, (const struct sockaddr*) &stamps_address, sizeof stamps_address) < 0 ||
            chmod(STAMPS_PATH, 0666) < 0)
                return must(-errno, STAMPS_PATH);
        return fd;
}

bool stamps_wait(int fd, Stamp* ret) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

        return poll(&poll_fd, 1, STAMP_TIMEOUT_MSEC) > 0 && recv(fd, ret, sizeof *ret, 0) == (ssize_t) sizeof *ret;
}
