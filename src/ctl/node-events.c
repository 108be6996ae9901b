/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ctl/json.h"
#include "ctl/node-events.h"
#include "util/alloc.h"
#include "wire/names.h"

struct NodeEvents {
        node_event_handler_t handler;
        void* userdata;
        json_t* known;
        sd_bus_slot *changed, *added, *removed, *owner;
};

const json_t* node_events_known(const NodeEvents* e) {
        return e->known;
}

static char* name_of(const char* path) {
        char* name = NULL;

        return sd_bus_path_decode(path, NODE_PATH_PREFIX, &name) > 0 ? name : NULL;
}

/* now: taken; NULL: the node is gone */
static void happen(NodeEvents* e, const char* name, json_t* now) {
        json_auto_t* before = json_incref(json_object_get(e->known, name));
        NodeEventKind kind = !now ? NODE_EVENT_REMOVED : before ? NODE_EVENT_CHANGED : NODE_EVENT_ADDED;

        if (now)
                json_object_set_new(e->known, name, now);
        else
                json_object_del(e->known, name);
        e->handler(&(NodeEvent) { kind, name, before, now ? now : before }, e->userdata);
}

static void update(NodeEvents* e, const char* name, const json_t* changed) {
        json_t *before = json_object_get(e->known, name), *now = before ? json_copy(before) : json_object();

        json_object_update(now, (json_t*) changed);
        happen(e, name, now);
}

static int on_changed(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        _cleanup_free_ char* name = name_of(sd_bus_message_get_path(m));
        json_auto_t *interface = NULL, *changed = NULL;

        if (!name || json_read_message(m, &interface) < 0 || json_read_message(m, &changed) < 0)
                return 0;
        if (json_is_string(interface) && strcmp(json_string_value(interface), NODE_INTERFACE) == 0)
                update(userdata, name, changed);
        return 0;
}

/* The path of an object and an object of interfaces, or an array of them. */
static int read_object_signal(sd_bus_message* m, char** ret_name, json_t** ret_interfaces) {
        json_auto_t *path = NULL, *interfaces = NULL;

        if (json_read_message(m, &path) < 0 || json_read_message(m, &interfaces) < 0 || !json_is_string(path))
                return -EBADMSG;
        *ret_name = name_of(json_string_value(path));
        if (!*ret_name)
                return -ENOENT;
        *ret_interfaces = take_ptr(interfaces);
        return 0;
}

static int on_added(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        json_auto_t* interfaces = NULL;
        _cleanup_free_ char* name = NULL;
        json_t* properties;

        if (read_object_signal(m, &name, &interfaces) < 0)
                return 0;
        properties = json_object_get(interfaces, NODE_INTERFACE);
        if (properties)
                update(userdata, name, properties);
        return 0;
}

static int on_removed(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        json_auto_t* interfaces = NULL;
        _cleanup_free_ char* name = NULL;
        NodeEvents* e = userdata;
        json_t* interface;
        size_t i;

        if (read_object_signal(m, &name, &interfaces) < 0 || !json_object_get(e->known, name))
                return 0;
        json_array_foreach(interfaces, i, interface)
                if (json_is_string(interface) && strcmp(json_string_value(interface), NODE_INTERFACE) == 0) {
                        happen(e, name, NULL);
                        break;
                }
        return 0;
}

/* A name that changes hands without a pause is a supervisor that came. */
static int on_owner(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        const char *name, *old, *new;
        NodeEvents* e = userdata;

        if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0)
                return 0;
        e->handler(&(NodeEvent) { .kind = new[0] ? NODE_EVENT_SUPERVISOR_CAME : NODE_EVENT_SUPERVISOR_LEFT }, e->userdata);
        return 0;
}

/* Matches are added synchronously: the reply is the proof that from here on nothing is missed. */
static int subscribe(Ctl* ctl, NodeEvents* e) {
        static const char rule_owner[] =
                "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                "arg0='" SUPERVISOR_BUS_NAME "'";
        static const char rule_changed[] =
                "type='signal',sender='" SUPERVISOR_BUS_NAME "',path_namespace='" NODE_PATH_PREFIX "',"
                "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'";
        int r;

        r = sd_bus_add_match(ctl->bus, &e->owner, rule_owner, on_owner, e);
        if (r >= 0)
                r = sd_bus_add_match(ctl->bus, &e->changed, rule_changed, on_changed, e);
        if (r >= 0)
                r = sd_bus_match_signal(ctl->bus, &e->added, SUPERVISOR_BUS_NAME, SUPERVISOR_PATH,
                                        "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", on_added, e);
        if (r >= 0)
                r = sd_bus_match_signal(ctl->bus, &e->removed, SUPERVISOR_BUS_NAME, SUPERVISOR_PATH,
                                        "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", on_removed, e);
        return r;
}

static Outcome learn(Ctl* ctl, bool start, NodeEvents* e) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        json_auto_t* objects = NULL;
        Outcome outcome = OUTCOME_DONE;
        const char* path;
        json_t* interfaces;

        m = ctl_new_call(ctl, SUPERVISOR_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
        if (!m)
                return OUTCOME_FAILED;
        (void) sd_bus_message_set_auto_start(m, start);
        if (start)
                outcome = ctl_call(ctl, m, "ask for the nodes", &reply);
        else if (sd_bus_call(ctl->bus, m, 0, NULL, &reply) < 0)
                return OUTCOME_DONE; /* it does not run, so there are none */
        if (outcome != OUTCOME_DONE || json_read_message(reply, &objects) < 0)
                return outcome;

        json_object_foreach(objects, path, interfaces) {
                _cleanup_free_ char* name = name_of(path);
                json_t* properties = json_object_get(interfaces, NODE_INTERFACE);

                if (name && properties)
                        json_object_set(e->known, name, properties);
        }
        return OUTCOME_DONE;
}

Outcome node_events_new(Ctl* ctl, bool start, node_event_handler_t handler, void* userdata, NodeEvents** ret) {
        _cleanup_node_events_ NodeEvents* e = xnew0(NodeEvents);
        Outcome outcome = ctl_connect(ctl);
        int r;

        e->handler = handler;
        e->userdata = userdata;
        e->known = json_object();
        if (outcome != OUTCOME_DONE)
                return outcome;
        r = subscribe(ctl, e);
        if (r < 0) {
                ctl_say("Failed to subscribe to what happens: %s", strerror(-r));
                return OUTCOME_UNREACHABLE;
        }
        outcome = learn(ctl, start, e);
        if (outcome == OUTCOME_DONE)
                *ret = take_ptr(e);
        return outcome;
}

NodeEvents* node_events_free(NodeEvents* e) {
        if (!e)
                return NULL;

        sd_bus_slot_unref(e->changed);
        sd_bus_slot_unref(e->added);
        sd_bus_slot_unref(e->removed);
        sd_bus_slot_unref(e->owner);
        json_decref(e->known);
        free(e);
        return NULL;
}
