/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/incarnation.h"
#include "supervisor/start-queue.h"

/* How far a cluster is: the earliest role of which some node is not up yet. */
typedef struct Progress {
        const ClusterTable* cluster; /* weak */
        Role role;
} Progress;

struct StartQueue {
        Supervisor* s; /* weak */
        TAILQ_HEAD(, Instance) waiting;
        sd_event_source* at_end_of_turn;
        sd_event_source* timeout;

        /* of one look at all nodes */
        Progress* clusters;
        size_t n_clusters, n_allocated;
};

static bool is_on_its_way_up(const Node* node) {
        return node->phase == PHASE_LAUNCHING || (node->phase == PHASE_RUNNING && !node->ready);
}

static Progress* find_progress(const StartQueue* q, const ClusterTable* cluster) {
        for (size_t i = 0; i < q->n_clusters; i++)
                if (q->clusters[i].cluster == cluster)
                        return &q->clusters[i];
        return NULL;
}

/* Nodes of a cluster share its table, see registry_share_cluster(). */
static void look_at_clusters(StartQueue* q) {
        q->n_clusters = 0;
        REGISTRY_FOREACH(node, &q->s->registry) {
                Progress* progress;

                if (!node->spec->cluster || !is_on_its_way_up(node))
                        continue;

                progress = find_progress(q, node->spec->cluster);
                if (!progress) {
                        GROW(q->clusters, q->n_clusters, q->n_allocated);
                        progress = &q->clusters[q->n_clusters++];
                        *progress = (Progress) { node->spec->cluster, node->spec->role };
                } else if (node->spec->role < progress->role)
                        progress->role = node->spec->role;
        }
}

static bool has_its_turn(const StartQueue* q, const Instance* instance, usec_t now) {
        const NodeSpec* spec = instance->node->spec;
        const Progress* progress = spec->cluster ? find_progress(q, spec->cluster) : NULL;

        return !progress || progress->role >= spec->role || now >= instance->start_deadline;
}

static void arm_timeout(StartQueue* q) {
        usec_t earliest = USEC_INFINITY;
        Instance* instance;

        TAILQ_FOREACH(instance, &q->waiting, starting)
                earliest = min_u64(earliest, instance->start_deadline);

        (void) sd_event_source_set_time(q->timeout, earliest);
        (void) sd_event_source_set_enabled(q->timeout, earliest == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void start_those_who_may(StartQueue* q) {
        usec_t now = now_usec(CLOCK_BOOTTIME);
        Instance *instance, *next;

        if (TAILQ_EMPTY(&q->waiting))
                return;

        look_at_clusters(q);
        for (instance = TAILQ_FIRST(&q->waiting); instance; instance = next) {
                next = TAILQ_NEXT(instance, starting);
                if (has_its_turn(q, instance, now)) {
                        start_queue_remove(q, instance);
                        incarnation_launch(instance);
                }
        }
        arm_timeout(q);
}

static int on_end_of_turn(sd_event_source* s, void* userdata) {
        start_those_who_may(userdata);
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

        r = sd_event_add_defer(s->event, &q->at_end_of_turn, on_end_of_turn, q);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->at_end_of_turn, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(q->at_end_of_turn, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_time(s->event, &q->timeout, CLOCK_BOOTTIME, 0, 0, on_timeout, q);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->timeout, SD_EVENT_OFF);
        if (r < 0) {
                start_queue_free(q);
                return r;
        }
        (void) sd_event_source_set_description(q->at_end_of_turn, "starts");

        *ret = q;
        return 0;
}

StartQueue* start_queue_free(StartQueue* q) {
        if (!q)
                return NULL;

        sd_event_source_disable_unref(q->at_end_of_turn);
        sd_event_source_disable_unref(q->timeout);
        free(q->clusters);
        free(q);
        return NULL;
}

void start_queue_add(StartQueue* q, Instance* instance) {
        const NodeSettings* role = &q->s->configuration->settings->roles[instance->node->spec->role];

        assert(!instance->is_starting);
        instance->is_starting = true;
        instance->start_deadline = saturating_add_u64(now_usec(CLOCK_BOOTTIME), role->ready_timeout_usec);
        TAILQ_INSERT_TAIL(&q->waiting, instance, starting);
        start_queue_kick(q);
}

void start_queue_remove(StartQueue* q, Instance* instance) {
        if (instance->is_starting)
                TAILQ_REMOVE(&q->waiting, instance, starting);
        instance->is_starting = false;
}

void start_queue_kick(StartQueue* q) {
        if (!TAILQ_EMPTY(&q->waiting))
                (void) sd_event_source_set_enabled(q->at_end_of_turn, SD_EVENT_ONESHOT);
}
