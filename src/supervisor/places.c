/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "supervisor/cgroup.h"
#include "supervisor/places.h"

static int init_user(Places* p) {
        const char* runtime = getenv("XDG_RUNTIME_DIR");
        const char* state = getenv("XDG_STATE_HOME");
        const char* home = getenv("HOME");

        if (!runtime || runtime[0] != '/' || !home || home[0] != '/')
                return -ENXIO;

        p->runtime_directory = xasprintf("%s/zeek-supervisor", runtime);
        p->stem_socket = xasprintf("%s/zeek-stem/socket", runtime);
        p->state_directory = state && state[0] == '/' ? xasprintf("%s/zeek-supervisor", state) :
                                                        xasprintf("%s/.local/state/zeek-supervisor", home);
        p->log_queue_directory = xasprintf("%s/log-queue", p->state_directory);
        p->log_directory = xasprintf("%s/logs", p->state_directory);
        return 0;
}

int places_init(Places* p, bool user_mode) {
        *p = (Places) { .user_mode = user_mode, .cgroup_root = cgroup_of_manager(user_mode) };
        if (user_mode)
                return init_user(p);

        p->runtime_directory = xstrdup("/run/zeek-supervisor");
        p->stem_socket = xstrdup("/run/zeek-stem/socket");
        p->state_directory = xstrdup("/var/lib/zeek-supervisor");
        p->log_queue_directory = xasprintf("%s/log-queue", p->state_directory);
        p->log_directory = xstrdup("/var/log/zeek");
        return 0;
}

const char* places_log_queue(const Places* p, const ArchiverSettings* settings) {
        return settings->log_queue_directory ? settings->log_queue_directory : p->log_queue_directory;
}

const char* places_log_directory(const Places* p, const ArchiverSettings* settings) {
        return settings->log_directory ? settings->log_directory : p->log_directory;
}

void places_done(Places* p) {
        free(p->runtime_directory);
        free(p->state_directory);
        free(p->log_queue_directory);
        free(p->log_directory);
        free(p->stem_socket);
        free(p->cgroup_root);
        *p = (Places) {};
}
