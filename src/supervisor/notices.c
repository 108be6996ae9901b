/* SPDX-License-Identifier: BSD-3-Clause */
#include "supervisor/instance.h"
#include "supervisor/notices.h"
#include "util/strv.h"
#include "wire/names.h"

#define OUTPUT_INTERVAL_USEC USEC_PER_SEC

struct Notices {
        sd_bus* bus;
        sd_event_source* at_end_of_turn;
        sd_event_source* for_output; /* armed while a change of output waits for its second to pass */
        TAILQ_HEAD(, Instance) marked;
        bool count_changed;
};

static const char* const life_properties[] = {
        "State", "PID", "NRestarts", "ExitCode", "ExitStatus", "OutOfMemory", "StateSinceUSec", "StartedUSec", "NextRestartUSec",
        "Ready", NULL,
};
static const char* const config_properties[] = { "Config", "Origin", NULL };
static const char* const output_properties[] = { "LastOutput", "LinesForwarded", "LinesSuppressed", "LinesDropped", NULL };

static char* node_path(const Node* node) {
        char* path = NULL;
        int r = sd_bus_path_encode(NODE_PATH_PREFIX, node->name, &path);

        assert(r >= 0);
        return path;
}

static void tell_added(Notices* n, const Node* node) {
        _cleanup_free_ char* path = node_path(node);

        (void) sd_bus_emit_object_added(n->bus, path);
}

static void tell_changes(Notices* n, const Node* node, unsigned groups) {
        char** properties = NULL;

        if (groups & NOTICE_LIFE)
                strv_extend_strv(&properties, (char* const*) life_properties);
        if (groups & NOTICE_CONFIG)
                strv_extend_strv(&properties, (char* const*) config_properties);
        if (groups & NOTICE_OUTPUT)
                strv_extend_strv(&properties, (char* const*) output_properties);

        if (properties) {
                _cleanup_free_ char* path = node_path(node);

                (void) sd_bus_emit_properties_changed_strv(n->bus, path, NODE_INTERFACE, properties);
        }
        strv_free(properties);
}

/* Tells what is marked of the groups; the instance leaves the list when nothing remains. */
static void tell(Notices* n, Instance* instance, unsigned groups) {
        if (instance->notices & NOTICE_ADDED) {
                tell_added(n, instance->node);
                groups = instance->notices;
        } else
                tell_changes(n, instance->node, instance->notices & groups);

        instance->notices &= ~groups;
        if (instance->notices == 0)
                TAILQ_REMOVE(&n->marked, instance, noticed);
}

static void tell_all(Notices* n, unsigned groups) {
        Instance* next;

        for (Instance* i = TAILQ_FIRST(&n->marked); i; i = next) {
                next = TAILQ_NEXT(i, noticed);
                if (i->notices & groups)
                        tell(n, i, groups);
        }
}

static int on_end_of_turn(sd_event_source* s, void* userdata) {
        Notices* n = userdata;

        tell_all(n, NOTICE_ADDED | NOTICE_LIFE | NOTICE_CONFIG);
        if (n->count_changed)
                (void) sd_bus_emit_properties_changed(n->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "NNodes", NULL);
        n->count_changed = false;
        return 0;
}

static int on_output_interval(sd_event_source* s, uint64_t usec, void* userdata) {
        tell_all(userdata, NOTICE_ADDED | NOTICE_LIFE | NOTICE_CONFIG | NOTICE_OUTPUT);
        return 0;
}

int notices_new(sd_event* event, sd_bus* bus, Notices** ret) {
        Notices* n = xnew0(Notices);
        int r;

        TAILQ_INIT(&n->marked);
        n->bus = sd_bus_ref(bus);

        r = sd_event_add_defer(event, &n->at_end_of_turn, on_end_of_turn, n);
        if (r >= 0)
                r = sd_event_source_set_enabled(n->at_end_of_turn, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &n->for_output, CLOCK_MONOTONIC, 0, 0, on_output_interval, n);
        if (r >= 0)
                r = sd_event_source_set_enabled(n->for_output, SD_EVENT_OFF);
        if (r < 0) {
                notices_free(n);
                return r;
        }
        (void) sd_event_source_set_description(n->at_end_of_turn, "notices");
        (void) sd_event_source_set_description(n->for_output, "notices-output");

        *ret = n;
        return 0;
}

void notices_set_bus(Notices* n, sd_bus* bus) {
        sd_bus_unref(n->bus);
        n->bus = sd_bus_ref(bus);
}

Notices* notices_free(Notices* n) {
        if (!n)
                return NULL;

        sd_event_source_disable_unref(n->at_end_of_turn);
        sd_event_source_disable_unref(n->for_output);
        sd_bus_unref(n->bus);
        free(n);
        return NULL;
}

static void arm_output(Notices* n) {
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(n->for_output, &enabled) > 0)
                return;
        (void) sd_event_source_set_time_relative(n->for_output, OUTPUT_INTERVAL_USEC);
        (void) sd_event_source_set_enabled(n->for_output, SD_EVENT_ONESHOT);
}

void notices_mark(Notices* n, Node* node, NoticeGroup group) {
        Instance* instance = node_instance(node);

        if (instance->notices == 0)
                TAILQ_INSERT_TAIL(&n->marked, instance, noticed);
        instance->notices |= group;

        if (group & (NOTICE_ADDED | NOTICE_LIFE | NOTICE_CONFIG))
                (void) sd_event_source_set_enabled(n->at_end_of_turn, SD_EVENT_ONESHOT);
        if (group & NOTICE_OUTPUT)
                arm_output(n);
}

void notices_node_added(Notices* n, Node* node) {
        n->count_changed = true;
        notices_mark(n, node, NOTICE_ADDED);
}

void notices_node_removed(Notices* n, Node* node) {
        _cleanup_free_ char* path = node_path(node);
        Instance* instance = node_instance(node);

        if (instance->notices)
                tell(n, instance, instance->notices);

        /* The interfaces that sd_bus_emit_object_added() named; sd_bus_emit_object_removed() would look for an object
         * that is not there any more. */
        (void) sd_bus_emit_interfaces_removed(n->bus, path, "org.freedesktop.DBus.Peer",
                                              "org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Properties",
                                              NODE_INTERFACE, NULL);
        n->count_changed = true;
        (void) sd_event_source_set_enabled(n->at_end_of_turn, SD_EVENT_ONESHOT);
}

void notices_announce(Notices* n, Node* node) {
        Instance* instance = node_instance(node);

        if (instance->notices & NOTICE_ADDED)
                tell(n, instance, NOTICE_ADDED);
        (void) sd_bus_emit_signal(n->bus, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, "NodeStatus", "su", node->name, node->pid);
}
