/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <sys/inotify.h>

/* Calls back for each event that can be read now (inotify(7)); for more than a page of them, in the next turn of the loop. */
void inotify_read_events(int fd, void (*each)(const struct inotify_event* e, void* userdata), void* userdata);
