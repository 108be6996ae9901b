/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Connections, told apart by addresses, ports and protocol, and counted in both directions. The table is
 * bounded: the connection that was quiet for longest makes room for a new one. */

#include <netinet/in.h>

#include "stand-in/decode.h"
#include "util/macro.h"

#define CONNECTIONS_MAX 65536

typedef struct Connection {
        double first, last; /* timestamps */
        int family;
        uint8_t originator[16], responder[16];
        uint16_t originator_port, responder_port;
        uint8_t protocol;
        uint64_t originator_packets, originator_bytes; /* bytes: of the IP packets */
        uint64_t responder_packets, responder_bytes;
} Connection;

typedef struct Connections Connections;
/* Called for a connection that leaves the table. */
typedef void (*ConnectionEnded)(const Connection* connection, void* userdata);

Connections* connections_new(size_t max, ConnectionEnded ended, void* userdata);
Connections* connections_free(Connections* connections);
DEFINE_CLEANUP(Connections*, connections_free)

/* The connection that the packet belongs to; *ret_new says if it is the first of it. */
const Connection* connections_count(Connections* connections, const Packet* packet, bool* ret_new);
/* All leave the table, the oldest first. */
void connections_end_all(Connections* connections);
size_t connections_total(const Connections* connections);

#define CONNECTION_TEXT_MAX 192
#define CONNECTION_UID_MAX 20

/* Zeek's name of the protocol: tcp, udp, icmp, unknown_transport. */
const char* connection_protocol(const Connection* connection);
void connection_address(const Connection* connection, bool originator, char text[static INET6_ADDRSTRLEN]);
/* As Zeek's, a C and 17 digits to the base 62; the same for the same connection in each run. */
void connection_uid(const Connection* connection, char uid[static CONNECTION_UID_MAX]);
/* "tcp 192.0.2.1:1024 > 192.0.2.2:80" */
void connection_describe(const Connection* connection, char text[static CONNECTION_TEXT_MAX]);
