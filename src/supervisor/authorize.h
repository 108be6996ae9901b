/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Who calls, and whether they may.
 *
 * The bus itself says who a sender is (GetConnectionUnixUser, GetConnectionUnixProcessID; never /proc), polkit says
 * what they may. Both are asked without waiting, the bus once for a connection that calls again and again
 * (known-users.h). The handler runs once, from the start of the message, after the answer: nothing of a request is looked
 * at before, so a caller who may not learns nothing but that. */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "supervisor/call-meter.h"

typedef enum PolkitAction {
        ACTION_MANAGE_NODES,
        ACTION_MANAGE_HOOKS,
        ACTION_RELOAD,
        _POLKIT_ACTION_MAX,
} PolkitAction;

/* What was asked for; the other is not known. */
typedef struct Caller {
        uid_t uid; /* authorize(), identify_user() */
        pid_t pid; /* identify_process(); in our pid namespace */
} Caller;

/* Handles the call now. Returns as a method handler does: an error set or returned is sent to the caller. */
typedef int (*caller_handler_t)(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error);

typedef struct Authorizer Authorizer;

/* user_mode: the owner of the session may do everything; there is no polkit then. */
Authorizer* authorizer_new(sd_bus* bus, bool user_mode, CallMeter* meter);
/* Another connection takes the place of the one before, with which all checks end. */
void authorizer_set_bus(Authorizer* a, sd_bus* bus);
Authorizer* authorizer_free(Authorizer* a);

/* For use as the last statement of a method handler; the call may be handled when it returns. Who has too much under way, by the bounds below, gets
 * LimitsExceeded. */
int authorize(Authorizer* a, sd_bus_message* m, PolkitAction action, caller_handler_t handler, void* userdata,
              sd_bus_error* error);
/* The same without asking polkit, for what everybody may but where it matters who they are. */
int identify_user(Authorizer* a, sd_bus_message* m, caller_handler_t handler, void* userdata, sd_bus_error* error);
int identify_process(Authorizer* a, sd_bus_message* m, caller_handler_t handler, void* userdata, sd_bus_error* error);

/* Calls of one sender that wait for an answer of the bus or of polkit. */
#define PENDING_PER_SENDER_MAX 2048U
/* The same of one user, whoever has to ask polkit, and the bytes in them: calls are kept until a person has typed a
 * password. */
#define PENDING_PER_USER_MAX 2048U
#define PENDING_BYTES_PER_USER_MAX (16U * 1024 * 1024)
/* Checks under way for everybody together; what is beyond is refused, whoever asks. */
#define PENDING_MAX 16384U
#define PENDING_BYTES_MAX (256U * 1024 * 1024)
