/* SPDX-License-Identifier: BSD-3-Clause */
#include "stem/interface.h"
#include "stem/launch.h"
#include "stem/node-table.h"
#include "stem/peers.h"
#include "stem/probe.h"
#include "stem/process.h"
#include "stem/scope-kill.h"
#include "stem/scope-start.h"
#include "stem/scope-watch.h"
#include "stem/service-manager.h"
#include "stem/stem.h"
#include "util/alloc.h"
#include "util/fd.h"

struct Stem {
        SpawnSettings spawn;
        ServiceManager* manager;
        ScopeStarts* starts;
        ScopeWatches* watches;
        ScopeKills* kills;
        NodeTable* nodes;
        Store* store;
        Launches* launches;
        Resumptions* resumptions;
        Probes* probes;
        Peers* peers;
        Interface interface;
};

static int start_parts(Stem* stem, sd_event* event, bool user_mode) {
        Interface* face = &stem->interface;
        int r;

        r = spawn_settings_init(&stem->spawn);
        if (r >= 0)
                r = service_manager_new(event, user_mode, &stem->manager);
        if (r >= 0)
                r = scope_watches_new(event, stem->manager, &stem->watches);
        if (r >= 0)
                r = store_new(event, &stem->store);
        if (r >= 0)
                r = scope_starts_new(event, stem->manager, stem->watches, &stem->starts);
        if (r < 0)
                return r;

        stem->kills = scope_kills_new(event, stem->manager, interface_scope_killed, face);
        stem->nodes = node_table_new(event, stem->watches, &interface_node_handlers, face);
        stem->launches = launches_new(&(LaunchPlace) { .event = event,
                                                       .starts = stem->starts,
                                                       .watches = stem->watches,
                                                       .nodes = stem->nodes,
                                                       .store = stem->store,
                                                       .spawn = &stem->spawn },
                                      &interface_launch_handlers, face);
        stem->resumptions =
                resumptions_new(event, stem->watches, stem->nodes, &interface_resumption_handlers, face);
        stem->probes = probes_new(event, &stem->spawn, &interface_probe_handlers, face);
        return 0;
}

int stem_new(sd_event* event, bool user_mode, int listen_fd, StoredDescriptors* stored, Stem** ret) {
        _cleanup_(stem_freep) Stem* stem = xnew0(Stem);
        _cleanup_close_ int owned = listen_fd;
        int r;

        stem->spawn.null_fd = -EBADF;
        r = start_parts(stem, event, user_mode);
        if (r < 0)
                return r;
        recover(&(RecoveryPlace) { .store = stem->store, .nodes = stem->nodes, .resumptions = stem->resumptions }, stored);
        r = peers_new(event, take_fd(owned), interface_export, &stem->interface, &stem->peers);
        if (r < 0)
                return r;

        stem->interface = (Interface) {
                .user_mode = user_mode,
                .nodes = stem->nodes,
                .store = stem->store,
                .launches = stem->launches,
                .resumptions = stem->resumptions,
                .probes = stem->probes,
                .kills = stem->kills,
                .peers = stem->peers,
        };
        *ret = take_ptr(stem);
        return 0;
}

Stem* stem_free(Stem* stem) {
        if (!stem)
                return NULL;

        peers_free(stem->peers);
        probes_free(stem->probes);
        launches_free(stem->launches);
        resumptions_free(stem->resumptions);
        node_table_free(stem->nodes);
        scope_kills_free(stem->kills);
        scope_starts_free(stem->starts);
        scope_watches_free(stem->watches);
        service_manager_free(stem->manager);
        store_free(stem->store);
        spawn_settings_done(&stem->spawn);
        free(stem);
        return NULL;
}

size_t stem_n_nodes(const Stem* stem) {
        return stem->nodes->n;
}
