/* SPDX-License-Identifier: BSD-3-Clause */
#include "stem/interface.h"
#include "stem/launch.h"
#include "stem/limits.h"
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

#define CGROUP_ROOT "/sys/fs/cgroup"

struct Stem {
        Notifier* notifier; /* weak */
        char* forker; /* its path */
        SpawnSettings spawn;
        SpareChild* spare;
        ServiceManager* manager;
        ScopeEntries* entries;
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
        ManagerListener listener;
        sd_event_source* ready_timer; /* NULL: it was said */
};

static void tell_ready(Stem* stem, const char* text) {
        if (!stem->ready_timer)
                return;
        stem->ready_timer = sd_event_source_disable_unref(stem->ready_timer);
        (void) notifier_send(stem->notifier, text, NULL, 0, NULL, NULL);
}

static void on_manager_ready(ManagerListener* l) {
        tell_ready(l->userdata, "READY=1\nSTATUS=Ready to launch nodes");
}

/* Without a bus it holds its nodes and tells how they end, and that is better than being killed for being late. */
static int on_ready_timer(sd_event_source* s, uint64_t usec, void* userdata) {
        tell_ready(userdata, "READY=1\nSTATUS=Waiting for the bus");
        return 0;
}

static int await_manager(Stem* stem, sd_event* event) {
        int r = sd_event_add_time_relative(event, &stem->ready_timer, CLOCK_MONOTONIC, READY_TIMEOUT_USEC, 0,
                                           on_ready_timer, stem);

        if (r < 0)
                return r;
        (void) sd_event_source_set_description(stem->ready_timer, "ready");
        stem->listener = (ManagerListener) { .userdata = stem, .ready = on_manager_ready };
        service_manager_listen(stem->manager, &stem->listener);
        return 0;
}

static int start_parts(Stem* stem, sd_event* event, bool user_mode) {
        Interface* face = &stem->interface;
        int r;

        stem->forker = forker_find_program();
        r = stem->forker ? spawn_settings_init(&stem->spawn, stem->forker) : -errno;
        if (r >= 0)
                r = service_manager_new(event, user_mode, &stem->manager);
        if (r < 0)
                return r;
        stem->watches = scope_watches_new(event, stem->manager);
        r = scope_entries_new(event, CGROUP_ROOT, &stem->entries);
        if (r >= 0)
                r = scope_starts_new(event, stem->manager, stem->watches, stem->entries, &stem->starts);
        if (r >= 0)
                r = spare_child_new(event, &stem->spawn, &stem->spare);
        if (r < 0)
                return r;

        stem->store = store_new(stem->notifier, !user_mode);
        stem->kills = scope_kills_new(event, stem->manager, interface_scope_killed, face);
        stem->nodes = node_table_new(event, stem->watches, &interface_node_handlers, face);
        stem->launches = launches_new(&(LaunchPlace) { .event = event,
                                                       .starts = stem->starts,
                                                       .watches = stem->watches,
                                                       .nodes = stem->nodes,
                                                       .store = stem->store,
                                                       .spawn = &stem->spawn,
                                                       .spare = stem->spare },
                                      &interface_launch_handlers, face);
        stem->resumptions =
                resumptions_new(event, stem->watches, stem->nodes, &interface_resumption_handlers, face);
        stem->probes = probes_new(event, &stem->spawn, &interface_probe_handlers, face);
        return 0;
}

int stem_new(sd_event* event, Notifier* notifier, bool user_mode, int listen_fd, StoredDescriptors* stored, Stem** ret) {
        _cleanup_(stem_freep) Stem* stem = xnew0(Stem);
        _cleanup_close_ int owned = listen_fd;
        int r;

        stem->notifier = notifier;
        stem->spawn.null_fd = -EBADF;
        r = start_parts(stem, event, user_mode);
        if (r >= 0)
                r = await_manager(stem, event);
        if (r < 0)
                return r;
        recover(&(RecoveryPlace) { .store = stem->store, .nodes = stem->nodes, .resumptions = stem->resumptions }, stored);
        r = peers_new(event, take_fd(owned), interface_export, &stem->interface, &stem->peers);
        if (r < 0)
                return r;

        stem->interface = (Interface) {
                .user_mode = user_mode,
                .filters = stem->spawn.filters,
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
        scope_entries_free(stem->entries);
        scope_watches_free(stem->watches);
        if (stem->listener.userdata)
                service_manager_unlisten(stem->manager, &stem->listener);
        (void) sd_event_source_disable_unref(stem->ready_timer);
        service_manager_free(stem->manager);
        store_free(stem->store);
        spare_child_free(stem->spare);
        spawn_settings_done(&stem->spawn);
        free(stem->forker);
        free(stem);
        return NULL;
}

size_t stem_n_nodes(const Stem* stem) {
        return stem->nodes->n;
}
