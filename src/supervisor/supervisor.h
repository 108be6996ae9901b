/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The daemon put together: who knows whom.
 *
 * The way of a request: a face (manager-face, node-face) reads the message, `authorize` asks who sends it, a job goes
 * to the node in the registry; the node answers with effects, and supervisor_dispatch() carries them out through
 * the instance (stem, pipes, timer), the notices (signals), the milestones (journal) and the request (reply).
 * What the stem reports comes back as an event of the node, and so on. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/registry.h"
#include "service/watchdog.h"
#include "supervisor/adoption.h"
#include "supervisor/archiver.h"
#include "supervisor/authorize.h"
#include "supervisor/bus-link.h"
#include "supervisor/call-meter.h"
#include "supervisor/configuration.h"
#include "supervisor/diff.h"
#include "supervisor/helper-host.h"
#include "supervisor/hooks.h"
#include "supervisor/journal-writer.h"
#include "supervisor/node-files.h"
#include "supervisor/milestones.h"
#include "supervisor/notices.h"
#include "supervisor/output-hub.h"
#include "supervisor/places.h"
#include "supervisor/scope-limits.h"
#include "supervisor/slices.h"
#include "supervisor/start-queue.h"
#include "supervisor/state-files.h"
#include "supervisor/status-answers.h"
#include "supervisor/static-cluster.h"
#include "supervisor/status-watch.h"
#include "supervisor/stem-client.h"

typedef struct ReloadWaiter ReloadWaiter;
typedef struct HookTest HookTest;
typedef struct Shutdown Shutdown;

typedef struct Supervisor {
        Places places;
        sd_event* event;
        Notifier* notifier;
        Watchdog* watchdog;
        BusLink* link;
        sd_bus* bus; /* the link's present connection; weak, another one after each BusLinkHandlers.set_up() */
        StemClient* stem;
        JournalWriter* journal;
        OutputHub* output;
        StatusAnswers* answers;
        StatusWatches* statuses;
        HelperHost* helper_host;
        Archiver* archiver;
        Hooks* hooks;
        CallMeter* calls; /* how long they take */
        sd_event_source* after_turn;
        Authorizer* authorizer;
        Notices* notices;
        Configuration* configuration; /* NULL until it was read for the first time */
        ConfigurationLoader* loader;
        char* refused; /* what is wrong with the files, which are therefore not in force; NULL: they are */
        Differ* differ;
        StaticCluster* static_cluster;
        LayoutMemo layout_memo;
        Registry registry;
        StateFiles* state;
        Adoption* adoption;
        StartQueue* starts;
        ScopeLimits* limits;
        Slices* slices;
        TAILQ_HEAD(, Request) requests; /* not answered yet */
        TAILQ_HEAD(, ReloadWaiter) reload_waiters;
        bool restarts_outdated, restarts_outdated_again;
        unsigned n_hooks_loads, n_hooks_loaded; /* asked for, done */
        bool remembers;                         /* what an earlier daemon left has been read */
        TAILQ_HEAD(, HookTest) hook_tests;      /* calls of TestHooks */
        size_t n_hook_tests;
        bool adopted;                           /* and is there again */
        bool ready;                             /* the service manager knows */
        Shutdown* shutdown;                     /* NULL: nobody wants us to end */
        bool stopping;                          /* with all nodes */
} Supervisor;

int supervisor_new(const Places* places, Supervisor** ret);
Supervisor* supervisor_free(Supervisor* s);
DEFINE_CLEANUP(Supervisor*, supervisor_free)

/* Runs until it is told to end. */
int supervisor_run(Supervisor* s);

/* Tells the service manager how things stand, for `systemctl status`. */
void supervisor_tell_status(Supervisor* s);

/* Gives the node an event and carries out what follows. The node may be gone afterwards. */
void supervisor_dispatch(Supervisor* s, Node* node, const NodeEvent* event);
/* Has the node begin what waits for its turn, one after the other, each when what came of the one before was carried out.
 * supervisor_dispatch() and supervisor_submit() end with it; a node that was adopted needs it too. The node may be gone
 * afterwards. */
void supervisor_advance(Supervisor* s, Node* node);
/* Gives the node of this name a job, which it takes ownership of. */
void supervisor_submit(Supervisor* s, const char* name, Job* job);
