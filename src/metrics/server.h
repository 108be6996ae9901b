/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Serves /metrics on the sockets that systemd hands over, and ends when nobody has come for a while: the next client has it
 * started again. Whoever asks while the supervisor is being asked already gets the same answer. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util/macro.h"

/* More wait in the queue of the socket. */
#define CONNECTIONS_MAX 64U

typedef struct Server Server;

Server* server_new(sd_event* event, sd_bus* bus);
Server* server_free(Server* s);
DEFINE_CLEANUP(Server*, server_free)

/* Takes the descriptor of a listening socket, also on failure. */
int server_listen(Server* s, int fd);
/* From now on it ends when it is idle. */
int server_start(Server* s);
