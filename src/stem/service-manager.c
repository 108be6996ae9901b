/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stem/limits.h"
#include "stem/service-manager.h"
#include "util/alloc.h"
#include "util/log.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNITS_PATH SYSTEMD_PATH "/unit"

struct ServiceManager {
        sd_event* event;
        bool user;
        sd_bus* bus; /* NULL while there is no connection */
        char* owner; /* unique name of the manager that answered our subscription */
        sd_bus_slot* subscribe;
        sd_event_source* reconnect;
        usec_t delay;
        bool ready;
        bool complained;
        TAILQ_HEAD(, ManagerListener) listeners;
};

static void tell_ready(ServiceManager* manager) {
        ManagerListener* l;

        TAILQ_FOREACH(l, &manager->listeners, listeners)
                if (l->ready)
                        l->ready(l);
}

/* Anybody on the bus may send us a signal that looks like one of the manager's. */
static bool is_from_owner(const ServiceManager* manager, sd_bus_message* m) {
        const char* sender = sd_bus_message_get_sender(m);

        return manager->ready && manager->owner && sender && strcmp(manager->owner, sender) == 0;
}

static int on_job_removed(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        ServiceManager* manager = userdata;
        const char *job, *unit, *result;
        ManagerListener* l;
        uint32_t id;
        int r;

        if (!is_from_owner(manager, m))
                return 0;
        r = sd_bus_message_read(m, "uoss", &id, &job, &unit, &result);
        if (r < 0)
                return log_error_errno(r, "Failed to read the service manager's signal JobRemoved: %m");
        TAILQ_FOREACH(l, &manager->listeners, listeners)
                if (l->job_removed)
                        l->job_removed(l, job, unit, result);
        return 0;
}

static int on_unit_removed(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        ServiceManager* manager = userdata;
        const char *unit, *path;
        ManagerListener* l;
        int r;

        if (!is_from_owner(manager, m))
                return 0;
        r = sd_bus_message_read(m, "so", &unit, &path);
        if (r < 0)
                return log_error_errno(r, "Failed to read the service manager's signal UnitRemoved: %m");
        TAILQ_FOREACH(l, &manager->listeners, listeners)
                if (l->unit_removed)
                        l->unit_removed(l, unit);
        return 0;
}

/* Of what has changed, the property "Result"; NULL: it is not among that. */
static const char* read_result(sd_bus_message* m) {
        const char *name, *result = NULL;
        int r;

        r = sd_bus_message_skip(m, "s");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && !result && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r >= 0 && strcmp(name, "Result") == 0)
                        r = sd_bus_message_read(m, "v", "s", &result);
                else if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return result;
}

static int on_scope_changed(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        _cleanup_free_ char* unit = NULL;
        ServiceManager* manager = userdata;
        const char* result;
        ManagerListener* l;

        if (!is_from_owner(manager, m) || sd_bus_path_decode(sd_bus_message_get_path(m), SYSTEMD_UNITS_PATH, &unit) <= 0)
                return 0;
        result = read_result(m);
        TAILQ_FOREACH(l, &manager->listeners, listeners)
                if (l->scope_changed)
                        l->scope_changed(l, unit, result);
        return 0;
}

static void schedule_reconnect(ServiceManager* manager) {
        manager->ready = false;
        (void) sd_event_source_set_time_relative(manager->reconnect, manager->delay);
        (void) sd_event_source_set_enabled(manager->reconnect, SD_EVENT_ONESHOT);
        manager->delay = min_u64(manager->delay * 2, MANAGER_RECONNECT_MAX_USEC);
}

static void complain(ServiceManager* manager, int error, const char* what) {
        if (!manager->complained)
                (void) log_warning_errno(error, "%s, trying on; launches wait: %m", what);
        manager->complained = true;
}

static int on_disconnected(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        ServiceManager* manager = userdata;

        /* The bus object itself goes in the timer: it is being dispatched right now. */
        complain(manager, -ECONNRESET, "Lost the connection to the bus");
        schedule_reconnect(manager);
        return 0;
}

static int on_subscribed(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ServiceManager* manager = userdata;
        const sd_bus_error* e = sd_bus_message_get_error(reply);

        if (e && !sd_bus_error_has_name(e, "org.freedesktop.systemd1.AlreadySubscribed")) {
                complain(manager, -sd_bus_error_get_errno(e), "Failed to subscribe to the service manager");
                schedule_reconnect(manager);
                return 0;
        }

        if (manager->complained)
                log_info("Connected to the service manager again");
        manager->complained = false;
        manager->delay = MANAGER_RECONNECT_MIN_USEC;
        free_and_replace(manager->owner, xstrdup_or_null(sd_bus_message_get_sender(reply)));
        manager->ready = true;
        tell_ready(manager);
        return 0;
}

static int subscribe(ServiceManager* manager) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        int r;

        r = sd_bus_message_new_method_call(manager->bus, &call, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                           "Subscribe");
        if (r < 0)
                return r;
        manager->subscribe = sd_bus_slot_unref(manager->subscribe);
        return sd_bus_call_async(manager->bus, &manager->subscribe, call, on_subscribed, manager,
                                 MANAGER_CALL_TIMEOUT_USEC);
}

static int on_owner_changed(sd_bus_message* m, void* userdata, sd_bus_error* ret_error) {
        ServiceManager* manager = userdata;
        const char *name, *old_owner, *new_owner;
        int r = sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner);

        if (r < 0)
                return log_error_errno(r, "Failed to read the bus' signal NameOwnerChanged: %m");

        manager->ready = false;
        if (*new_owner && subscribe(manager) < 0)
                schedule_reconnect(manager);
        return 0;
}

static int add_matches(ServiceManager* manager) {
        int r;

        r = sd_bus_match_signal_async(manager->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
                                      on_job_removed, NULL, manager);
        if (r >= 0)
                r = sd_bus_match_signal_async(manager->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                              "UnitRemoved", on_unit_removed, NULL, manager);
        /* Whatever changes of a unit, its type's interface is told too. One match for the scopes of the machine, for they
         * are few, and a bus does not take one for each of ours. */
        if (r >= 0)
                r = sd_bus_add_match_async(manager->bus, NULL,
                                           "type='signal',sender='" SYSTEMD_NAME "',"
                                           "path_namespace='" SYSTEMD_UNITS_PATH "',"
                                           "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                                           "arg0='" SYSTEMD_NAME ".Scope'",
                                           on_scope_changed, NULL, manager);
        if (r >= 0)
                r = sd_bus_add_match_async(manager->bus, NULL,
                                           "type='signal',sender='org.freedesktop.DBus',"
                                           "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                                           "member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'",
                                           on_owner_changed, NULL, manager);
        if (r >= 0)
                r = sd_bus_match_signal(manager->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, manager);
        return r;
}

static int open_bus(ServiceManager* manager) {
        int r;

        r = manager->user ? sd_bus_open_user_with_description(&manager->bus, "service-manager")
                          : sd_bus_open_system_with_description(&manager->bus, "service-manager");
        if (r >= 0)
                r = sd_bus_set_close_on_exit(manager->bus, false); /* for it would wait for a bus that hangs */
        if (r >= 0)
                r = sd_bus_attach_event(manager->bus, manager->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = add_matches(manager);
        if (r >= 0)
                r = subscribe(manager);
        return r;
}

static void close_bus(ServiceManager* manager) {
        manager->ready = false;
        manager->subscribe = sd_bus_slot_unref(manager->subscribe);
        manager->bus = sd_bus_close_unref(manager->bus);
}

static int on_reconnect(sd_event_source* s, uint64_t usec, void* userdata) {
        ServiceManager* manager = userdata;
        int r;

        close_bus(manager);
        r = open_bus(manager);
        if (r < 0) {
                close_bus(manager);
                complain(manager, r, "Failed to connect to the bus");
                schedule_reconnect(manager);
        }
        return 0;
}

int service_manager_new(sd_event* event, bool user, ServiceManager** ret) {
        _cleanup_(service_manager_freep) ServiceManager* manager = xnew0(ServiceManager);
        int r;

        manager->event = sd_event_ref(event);
        manager->user = user;
        manager->delay = MANAGER_RECONNECT_MIN_USEC;
        TAILQ_INIT(&manager->listeners);

        r = sd_event_add_time_relative(event, &manager->reconnect, CLOCK_MONOTONIC, 0, 0, on_reconnect, manager);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(manager->reconnect, "bus-reconnect");

        *ret = take_ptr(manager);
        return 0;
}

ServiceManager* service_manager_free(ServiceManager* manager) {
        if (!manager)
                return NULL;

        assert(TAILQ_EMPTY(&manager->listeners));
        close_bus(manager);
        (void) sd_event_source_disable_unref(manager->reconnect);
        sd_event_unref(manager->event);
        free(manager->owner);
        free(manager);
        return NULL;
}

void service_manager_listen(ServiceManager* manager, ManagerListener* l) {
        TAILQ_INSERT_TAIL(&manager->listeners, l, listeners);
}

void service_manager_unlisten(ServiceManager* manager, ManagerListener* l) {
        TAILQ_REMOVE(&manager->listeners, l, listeners);
}

bool service_manager_is_ready(const ServiceManager* manager) {
        return manager->ready;
}

int service_manager_new_call(ServiceManager* manager, const char* member, sd_bus_message** ret) {
        if (!manager->ready)
                return -ENOTCONN;
        return sd_bus_message_new_method_call(manager->bus, ret, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, member);
}

int service_manager_new_get(ServiceManager* manager, const char* unit, const char* interface, const char* property,
                            sd_bus_message** ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        _cleanup_free_ char* path = NULL;
        int r;

        if (!manager->ready)
                return -ENOTCONN;
        r = sd_bus_path_encode(SYSTEMD_UNITS_PATH, unit, &path);
        if (r >= 0)
                r = sd_bus_message_new_method_call(manager->bus, &call, SYSTEMD_NAME, path,
                                                   "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", interface, property);
        if (r < 0)
                return r;
        *ret = take_ptr(call);
        return 0;
}

int service_manager_send(ServiceManager* manager, sd_bus_message* call, usec_t timeout, sd_bus_slot** slot,
                         sd_bus_message_handler_t callback, void* userdata) {
        int r;

        if (!manager->ready)
                return -ENOTCONN;
        if (callback)
                r = sd_bus_call_async(manager->bus, slot, call, callback, userdata, timeout);
        else {
                r = sd_bus_message_set_expect_reply(call, false);
                if (r >= 0)
                        r = sd_bus_send(manager->bus, call, NULL);
        }
        /* The line has broken, and we are about to hear of it. */
        return r == -ECONNRESET || r == -EPIPE || r == -ESHUTDOWN ? -ENOTCONN : r;
}

bool service_manager_error_is_unsure(const sd_bus_error* e) {
        /* By number, for the name that sd-bus gives to a line that breaks depends on its version: NoReply in 252,
         * Disconnected or System.Error.EPIPE in 262. */
        switch (sd_bus_error_get_errno(e)) {
        case ETIMEDOUT:
        case ECONNRESET:
        case EPIPE:
        case ENOTCONN:
        case ESHUTDOWN:
                return true;
        default:
                return false;
        }
}

bool service_manager_error_is_passing(const sd_bus_error* e) {
        return sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_LIMITS_EXCEEDED);
}
