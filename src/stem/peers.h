/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Who is connected to the stem's socket.
 *
 * Each connection is a D-Bus connection of its own, of which we are the server. Only processes of our own user are
 * let in. A peer costs no more than the bound of its queue: one that does not take its messages is disconnected. */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util/macro.h"

typedef struct Peers Peers;

/* Exports what there is on the connection of a new peer. */
typedef int (*peer_export_t)(sd_bus* bus, void* userdata);

/* Listens on the socket, and takes it over. */
int peers_new(sd_event* event, int listen_fd, peer_export_t export, void* userdata, Peers** ret);
Peers* peers_free(Peers* peers);
DEFINE_CLEANUP(Peers*, peers_free)

/* Whether the peer that sent this message is there no more, also if nobody has taken note of it yet. */
bool peer_has_left(sd_bus_message* m);

/* The peer that sent this message knows from now on which nodes there are. */
void peers_note_informed(Peers* peers, sd_bus_message* m);

/* Sends a signal to all of them. False: to none who knows what it is about. */
bool peers_emit(Peers* peers, const char* path, const char* interface, const char* member, const char* types, ...);
