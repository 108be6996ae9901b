/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The status files of running nodes (zeek/status-file.h).
 *
 * A file is known by a descriptor that the stem had made, before the program ran: whatever becomes of its name and
 * directory, which are the node's own, it is this file that is read, and no path of a node's is followed. There is one
 * inotify instance for all of them. Each watch fires once and is armed again a moment later, so a node that writes all the
 * time wakes us a limited number of times, and nobody else is heard later for it. What cannot be read or watched any more
 * stays as it was. */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "util/usec.h"
#include "zeek/status-file.h"

#define STATUS_WATCH_INTERVAL_USEC (20 * USEC_PER_MSEC) /* between two looks at one file */

typedef struct StatusWatches StatusWatches; /* all of them */
typedef struct StatusWatch StatusWatch;     /* of one running node */

int status_watches_new(sd_event* event, StatusWatches** ret);
StatusWatches* status_watches_free(StatusWatches* watches);

/* Reads the file, and calls changed() from the loop whenever it says something else. Takes the descriptor, also on
 * failure. The name is for messages, and weak. */
int status_watch_new(StatusWatches* watches, const char* name, int fd, void (*changed)(void* userdata), void* userdata,
                     StatusWatch** ret);
StatusWatch* status_watch_free(StatusWatch* watch);

/* What the file says, or said when it could last be read; _INVALID: nothing yet. */
ZeekStatus status_watch_status(const StatusWatch* watch);
/* It says TERMINATED because the program came to its end, and not to one by a signal of its own making. */
bool status_watch_has_ended_well(const StatusWatch* watch);
/* Borrowed. */
int status_watch_fd(const StatusWatch* watch);
