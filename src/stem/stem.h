/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The stem: the parts put together. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "service/notifier.h"
#include "stem/recovery.h"
#include "util/macro.h"

typedef struct Stem Stem;

/* Serves on the listening socket, and takes it over, as it does with what the service manager kept. Connects to the service
 * manager in the background, and tells it through the notifier, which must outlive the stem, that it is ready, once it
 * would see what becomes of the scopes. */
int stem_new(sd_event* event, Notifier* notifier, bool user_mode, int listen_fd, StoredDescriptors* stored, Stem** ret);
Stem* stem_free(Stem* stem);
DEFINE_CLEANUP(Stem*, stem_free)

size_t stem_n_nodes(const Stem* stem);
