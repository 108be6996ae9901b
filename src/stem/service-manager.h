/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The line to systemd: the manager object of org.freedesktop.systemd1 on the system bus, or on the user bus.
 *
 * The connection is made again whenever it breaks, and the subscription again whenever systemd itself comes back
 * under a new name (daemon-reexec). Signals may have been missed then, so each time the line is up all listeners are
 * told, and look for themselves. Nothing here waits. */

#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util/macro.h"
#include "util/usec.h"

typedef struct ServiceManager ServiceManager;
typedef struct ManagerListener ManagerListener;

/* Embedded by who listens; the functions may be NULL. A listener may not free itself or another in these calls. */
struct ManagerListener {
        void* userdata; /* who it is embedded in */
        void (*ready)(ManagerListener* l);
        void (*job_removed)(ManagerListener* l, const char* job, const char* unit, const char* result);
        void (*unit_removed)(ManagerListener* l, const char* unit);
        /* its state, its job, or something else; result: how it ended, or NULL when that was not said */
        void (*scope_changed)(ManagerListener* l, const char* unit, const char* result);
        TAILQ_ENTRY(ManagerListener) listeners;
};

/* Begins to connect. */
int service_manager_new(sd_event* event, bool user, ServiceManager** ret);
ServiceManager* service_manager_free(ServiceManager* manager);
DEFINE_CLEANUP(ServiceManager*, service_manager_free)

void service_manager_listen(ServiceManager* manager, ManagerListener* l);
void service_manager_unlisten(ServiceManager* manager, ManagerListener* l);

/* Calls can be sent, and their answers' signals will be seen. */
bool service_manager_is_ready(const ServiceManager* manager);

/* A call of a method of the manager object, to be filled. -ENOTCONN while the line is not ready. */
int service_manager_new_call(ServiceManager* manager, const char* member, sd_bus_message** ret);
/* The same for the question after a property of a unit. */
int service_manager_new_get(ServiceManager* manager, const char* unit, const char* interface, const char* property,
                            sd_bus_message** ret);
/* Sends it. The callback gets the reply or an error message, once, unless *slot is dropped before; also when the line
 * breaks or the manager does not answer in time. Without a callback no reply is wanted. -ENOTCONN: it was not sent,
 * listeners will hear when the line is ready again. */
int service_manager_send(ServiceManager* manager, sd_bus_message* call, usec_t timeout, sd_bus_slot** slot,
                         sd_bus_message_handler_t callback, void* userdata);

/* Whether an error reply means that nobody knows if the call was carried out. */
bool service_manager_error_is_unsure(const sd_bus_error* e);
/* Whether it means that nobody was there, or had no room, so that the call can be made again. */
bool service_manager_error_is_passing(const sd_bus_error* e);
