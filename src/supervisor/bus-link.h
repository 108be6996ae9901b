/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The line to the bus of everybody, and the name on it.
 *
 * A bus may be restarted at any time. The connection is then made again, with everything on it: objects, matches, the
 * name. Who called over the old one gets no answer any more, and what was to be sent in between is lost, for there was
 * nobody to read it: a client that was on the old bus has to look anew anyway. Nothing here waits. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util/macro.h"

typedef struct BusLink BusLink;

typedef struct BusLinkHandlers {
        /* A new connection, which takes the place of the one before when this succeeds. What is put on it must not wait for
         * the bus. When it breaks, calls over it fail with -ENOTCONN, until there is another one. */
        int (*set_up)(sd_bus* bus, void* userdata);
        /* It broke. All calls under way over it have got an error before. */
        void (*lost)(void* userdata);
        /* The name is ours (again). */
        void (*named)(void* userdata);
} BusLinkHandlers;

/* Connects. A bus that is not there is no failure: it is waited for. Handlers and userdata must outlive the link. */
int bus_link_new(sd_event* event, bool user_mode, const BusLinkHandlers* handlers, void* userdata, BusLink** ret);
BusLink* bus_link_free(BusLink* l);
DEFINE_CLEANUP(BusLink*, bus_link_free)

/* The present connection, or a dead one. Never NULL. */
sd_bus* bus_link_bus(const BusLink* l);
bool bus_link_is_up(const BusLink* l);

/* Takes the name, now and over every connection to come. If it is refused the first time the loop ends. */
void bus_link_take_name(BusLink* l, const char* name);

/* What was sent and has not been taken is given a moment more. To be called after the loop. */
void bus_link_flush(BusLink* l);
