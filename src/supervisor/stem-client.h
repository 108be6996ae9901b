/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The supervisor's end of the line to the stem (dbus/org.zeek.Stem.xml).
 *
 * The connection is made again whenever it breaks, each time through the stem's socket, so that the service manager
 * starts the stem if it is not there. Calls under way when it breaks are answered with an error. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/exit-reason.h"
#include "supervisor/violation.h"

typedef struct StemClient StemClient;

typedef struct StemHandlers {
        /* the main process of a node ended / its scope is gone */
        void (*exited)(const char* name, uint32_t pid, ExitReason reason, void* userdata);
        void (*emptied)(const char* name, uint32_t pid, bool out_of_memory, void* userdata);
        /* somebody else stops its scope */
        void (*stop_requested)(const char* name, uint32_t pid, void* userdata);
        /* a process of a node made a system call that it may not make */
        void (*violated)(const char* name, uint32_t pid, const Violation* violation, void* userdata);
        /* the line is up (again); stem_pid is the one who answers now */
        void (*connected)(uint32_t stem_pid, void* userdata);
} StemHandlers;

/* Begins to connect. Handlers and userdata must outlive the client. */
int stem_client_new(sd_event* event, const char* socket_path, const StemHandlers* handlers, void* userdata,
                    StemClient** ret);
StemClient* stem_client_free(StemClient* c);

/* 0 while there is no connection. */
uint32_t stem_client_pid(const StemClient* c);

/* A call of a method of the stem, to be filled. -ENOTCONN while there is no connection. */
int stem_client_new_call(StemClient* c, const char* member, sd_bus_message** ret);

/* Sends it; callback gets the reply or an error message, once, unless *slot is dropped before. -ENOTCONN as above. */
int stem_client_send(StemClient* c, sd_bus_message* call, sd_bus_slot** slot, sd_bus_message_handler_t callback,
                     void* userdata);

/* The line broke, or nobody answered in time: what became of the call is not known, and is found out by asking the stem
 * what it holds. */
bool stem_answer_is_lost(sd_bus_message* reply);

/* Sends it without wanting an answer. -ENOTCONN as above. */
int stem_client_post(StemClient* c, sd_bus_message* call);
