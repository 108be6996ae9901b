/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/incarnation.h"
#include "supervisor/start-queue.h"
#include "util/log.h"
#include "wire/names.h"

/* For members of a cluster that nobody has asked for yet. */
#define GRACE_USEC (10 * USEC_PER_MSEC)

/* How far the cluster of some waiting node is. */
typedef struct Progress {
        const ClusterTable* cluster; /* weak */
        usec_t wait[_ROLE_MAX];      /* for the nodes of the role that are on their way up: until then; 0: there are none */
        Role missing;                /* the earliest role of which some member is no node here */
} Progress;

struct StartQueue {
        Supervisor* s; /* weak */
        TAILQ_HEAD(, Instance) waiting;
        sd_event_source* kicked;
        sd_event_source* timeout;
        usec_t binary_asked; /* CLOCK_BOOTTIME; 0: nobody looks at it now */
        usec_t binary_known; /* when somebody has begun to look at it last */
        unsigned n_orders;   /* with the stem */
        bool is_full;        /* it has had as many as it may, and still has more than half of them */

        /* of one look at all nodes */
        Progress* clusters;
        size_t n_clusters, n_allocated;
};

static Progress* find_progress(const StartQueue* q, const ClusterTable* cluster) {
        for (size_t i = 0; i < q->n_clusters; i++)
                if (q->clusters[i].cluster == cluster)
                        return &q->clusters[i];
        return NULL;
}

/* Until when others wait for it. One that is being launched may wait itself for those before it, each of which may take
 * its time; two with different ideas of their cluster may even wait for each other, but not for ever. */
static usec_t wait_for(const StartQueue* q, const Node* node) {
        const NodeSettings* roles = q->s->configuration->settings->roles;
        usec_t when = node_instance(node)->start_wanted;

        if (node->phase == PHASE_RUNNING && !node->ready)
                return saturating_add_u64(node->started.boottime, roles[node->spec->role].ready_timeout_usec);
        if (node->phase != PHASE_LAUNCHING)
                return 0;
        for (Role role = 0; role <= node->spec->role; role++)
                when = saturating_add_u64(when, roles[role].ready_timeout_usec);
        return when;
}

static void look_at_member(const StartQueue* q, const ClusterEndpoint* member, Progress* progress) {
        const Node* node = registry_find(&q->s->registry, member->name);
        usec_t* wait = &progress->wait[member->role];

        if (node && node->phase != PHASE_VOID)
                *wait = max_u64(*wait, wait_for(q, node));
        else if (member->role < progress->missing)
                progress->missing = member->role;
}

static const Progress* look_at_cluster(StartQueue* q, const ClusterTable* cluster) {
        Progress* progress = find_progress(q, cluster);

        if (progress)
                return progress;

        GROW(q->clusters, q->n_clusters, q->n_allocated);
        progress = &q->clusters[q->n_clusters++];
        *progress = (Progress) { .cluster = cluster, .missing = _ROLE_MAX };
        for (size_t i = 0; i < cluster->n; i++)
                look_at_member(q, &cluster->endpoints[i], progress);
        return progress;
}

/* When it may start: 0 for now; later, unless somebody else changes something before. */
static usec_t when_to_start(StartQueue* q, const Instance* instance) {
        const NodeSpec* spec = instance->node->spec;
        const Progress* progress = spec->cluster ? look_at_cluster(q, spec->cluster) : NULL;
        usec_t when = 0;

        if (!progress)
                return 0;
        for (Role role = 0; role < spec->role; role++)
                when = max_u64(when, progress->wait[role]);
        return progress->missing < spec->role ? max_u64(when, saturating_add_u64(instance->start_wanted, GRACE_USEC)) : when;
}

/* ---- what is it that is started? ---- */

static void on_refreshed(bool changed, void* userdata) {
        Supervisor* s = userdata;

        start_queue_binary_is_known(s->starts);
        if (changed) {
                _cleanup_free_ char* version = zeek_version_to_string(s->configuration->version);

                log_info("%s is version %s", s->configuration->binary, version);
                (void) sd_bus_emit_properties_changed(s->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "ZeekVersion", NULL);
        }
}

/* Looked at after somebody wanted it to be started: an upgrade may have put another in its place, which wants another
 * layout and other arguments. */
static bool binary_is_known(const StartQueue* q, const Instance* instance) {
        return !q->s->configuration->binary || instance->start_wanted <= q->binary_known;
}

static void look_at_binary(StartQueue* q) {
        int r;

        if (q->binary_asked != 0)
                return;
        q->binary_asked = now_usec(CLOCK_BOOTTIME);
        r = configuration_loader_refresh(q->s->loader, q->s->configuration, on_refreshed);
        if (r >= 0 || r == -EBUSY)
                return;
        (void) log_warning_errno(r, "Failed to look whether zeek was upgraded, nodes are started as before: %m");
        start_queue_binary_is_known(q);
}

void start_queue_binary_is_known(StartQueue* q) {
        /* one that is read meanwhile was asked for the same */
        q->binary_known = max_u64(q->binary_known, q->binary_asked);
        q->binary_asked = 0;
        start_queue_kick(q);
}

/* To look at all who wait, for each order that is over, would be much to do for one start. */
static bool has_room(StartQueue* q) {
        if (q->n_orders >= ORDERS_MAX)
                q->is_full = true;
        else if (q->n_orders <= ORDERS_MAX / 2)
                q->is_full = false;
        return !q->is_full;
}

static void start_those_who_may(StartQueue* q) {
        usec_t now = now_usec(CLOCK_BOOTTIME), earliest = USEC_INFINITY;
        Instance *instance, *next;

        q->n_clusters = 0;
        for (instance = TAILQ_FIRST(&q->waiting); instance && has_room(q); instance = next) {
                usec_t when = when_to_start(q, instance);

                next = TAILQ_NEXT(instance, starting);
                if (when <= now && !binary_is_known(q, instance))
                        look_at_binary(q);
                else if (when <= now) {
                        start_queue_remove(q, instance);
                        incarnation_launch(instance);
                } else
                        earliest = min_u64(earliest, when);
        }

        (void) sd_event_source_set_time(q->timeout, earliest);
        (void) sd_event_source_set_enabled(q->timeout, earliest == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_kicked(sd_event_source* s, void* userdata) {
        StartQueue* q = userdata;

        /* most often it was seen while files were written for whoever wants to start */
        if (q->binary_asked != 0)
                configuration_loader_poll(q->s->loader);
        start_those_who_may(q);
        return 0;
}

static int on_timeout(sd_event_source* s, uint64_t usec, void* userdata) {
        start_those_who_may(userdata);
        return 0;
}

int start_queue_new(Supervisor* s, StartQueue** ret) {
        StartQueue* q = xnew0(StartQueue);
        int r;

        q->s = s;
        TAILQ_INIT(&q->waiting);

        r = sd_event_add_defer(s->event, &q->kicked, on_kicked, q);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->kicked, SD_EVENT_OFF);
        if (r >= 0) /* others are told of it while it is done */
                r = sd_event_source_set_priority(q->kicked, SD_EVENT_PRIORITY_NORMAL - 1);
        if (r >= 0)
                r = sd_event_add_time(s->event, &q->timeout, CLOCK_BOOTTIME, 0, 1, on_timeout, q);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->timeout, SD_EVENT_OFF);
        if (r < 0) {
                start_queue_free(q);
                return r;
        }
        (void) sd_event_source_set_description(q->kicked, "starts");

        *ret = q;
        return 0;
}

StartQueue* start_queue_free(StartQueue* q) {
        if (!q)
                return NULL;

        sd_event_source_disable_unref(q->kicked);
        sd_event_source_disable_unref(q->timeout);
        free(q->clusters);
        free(q);
        return NULL;
}

void start_queue_add(StartQueue* q, Instance* instance) {
        assert(!instance->is_starting);
        instance->is_starting = true;
        instance->start_wanted = now_usec(CLOCK_BOOTTIME);
        TAILQ_INSERT_TAIL(&q->waiting, instance, starting);
        if (!binary_is_known(q, instance))
                look_at_binary(q);
        start_queue_kick(q);
}

void start_queue_remove(StartQueue* q, Instance* instance) {
        if (instance->is_starting)
                TAILQ_REMOVE(&q->waiting, instance, starting);
        instance->is_starting = false;
}

void start_queue_order_is_sent(StartQueue* q) {
        q->n_orders++;
}

void start_queue_order_is_over(StartQueue* q) {
        assert(q->n_orders > 0);
        q->n_orders--;
        start_queue_kick(q);
}

void start_queue_kick(StartQueue* q) {
        if (!TAILQ_EMPTY(&q->waiting))
                (void) sd_event_source_set_enabled(q->kicked, SD_EVENT_ONESHOT);
}
