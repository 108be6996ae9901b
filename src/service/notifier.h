/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Words to the service manager about this service, with descriptors (sd_notify(3)).
 *
 * sd_pid_notify_with_fds(3) waits when the service manager is behind with its reading. This does not: what cannot be
 * sent at once is sent in its order when there is room. A message that was sent is taken note of by the service manager
 * before the death of its sender is. */

#include <systemd/sd-event.h>

#include "util/macro.h"

typedef struct Notifier Notifier;

/* A message that had to wait was sent. */
typedef void (*notifier_sent_t)(void* userdata);

/* To the socket that the environment names. Without one there is nobody to tell, and everything counts as sent. */
int notifier_new(sd_event* event, Notifier** ret);
Notifier* notifier_free(Notifier* n);
DEFINE_CLEANUP(Notifier*, notifier_free)

/* 1: sent. 0: it waits for its turn, and sent is called afterwards, if it is not NULL. -errno: there are no descriptors left. The
 * descriptors remain the caller's. */
int notifier_send(Notifier* n, const char* text, const int* fds, size_t n_fds, notifier_sent_t sent, void* userdata);

/* Sends it now or not at all, ahead of what waits. Negative: not at all. */
int notifier_try(Notifier* n, const char* text);

/* No call of sent with this userdata any more; the messages are sent all the same. */
void notifier_forget(Notifier* n, const void* userdata);
