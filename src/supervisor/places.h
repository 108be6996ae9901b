/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Where things are: the one difference between the system's supervisor and a user's (file-hierarchy(7)). */

#include <stdbool.h>

#include "config/settings.h"
#include "util/alloc.h"

typedef struct Places {
        bool user_mode;
        char* runtime_directory; /* ours alone, gone with the boot; readable by nodes */
        char* state_directory;   /* the default place of working directories is nodes/ in it */
        char* log_queue_directory; /* for rotated logs; the default */
        char* log_directory;       /* for those that stay; the default */
        char* stem_socket;
        char* cgroup_root;       /* of the service manager, below which zeek.slice is */
} Places;

/* -ENXIO when the environment of a user's session is incomplete. */
int places_init(Places* p, bool user_mode);
/* With what the administrator says about them. Borrowed from both. */
const char* places_log_queue(const Places* p, const ArchiverSettings* settings);
const char* places_log_directory(const Places* p, const ArchiverSettings* settings);
void places_done(Places* p);
#define _cleanup_places_ _cleanup_(places_done)
