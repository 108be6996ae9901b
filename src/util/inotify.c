/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "util/inotify.h"

#define EVENTS_SIZE 4096U

void inotify_read_events(int fd, void (*each)(const struct inotify_event* e, void* userdata), void* userdata) {
        _Alignas(struct inotify_event) char buffer[EVENTS_SIZE];
        ssize_t n = read(fd, buffer, sizeof buffer);

        for (ssize_t at = 0; at + (ssize_t) sizeof(struct inotify_event) <= n;) {
                const struct inotify_event* e = (const struct inotify_event*) (const void*) (buffer + at);

                each(e, userdata);
                at += (ssize_t) (sizeof *e + e->len);
        }
}
