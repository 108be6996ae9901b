/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "stand-in/connections.h"
#include "util/alloc.h"

typedef struct Entry {
        Connection connection;
        struct Entry* next_in_bucket;
        TAILQ_ENTRY(Entry) by_age; /* the quietest first */
} Entry;

struct Connections {
        Entry** buckets;
        size_t n_buckets, n, max, total;
        TAILQ_HEAD(, Entry) by_age;
        ConnectionEnded ended;
        void* userdata;
};

Connections* connections_new(size_t max, ConnectionEnded ended, void* userdata) {
        Connections* connections = xnew0(Connections);

        assert(max > 0 && ended);
        *connections = (Connections) { .n_buckets = max, .max = max, .ended = ended, .userdata = userdata };
        connections->buckets = xcalloc(connections->n_buckets, sizeof(Entry*));
        TAILQ_INIT(&connections->by_age);
        return connections;
}

/* Both directions of a connection come to the same key: who sends is left out. */
static uint64_t hash_connection(const Connection* c) {
        uint64_t sum = c->protocol;

        for (size_t i = 0; i < sizeof c->originator; i++) {
                uint64_t a = c->originator[i], b = c->responder[i];

                sum = sum * 1099511628211U + (a + b) * 257 + (a ^ b);
        }
        sum = sum * 1099511628211U + (uint64_t) (c->originator_port + c->responder_port) * 65537 +
              (uint64_t) (c->originator_port ^ c->responder_port);
        return sum ^ sum >> 29;
}

static bool is_same(const Connection* a, const Connection* b) {
        return a->family == b->family && a->protocol == b->protocol &&
               a->originator_port == b->originator_port && a->responder_port == b->responder_port &&
               memcmp(a->originator, b->originator, sizeof a->originator) == 0 &&
               memcmp(a->responder, b->responder, sizeof a->responder) == 0;
}

static Connection turn(const Connection* c) {
        Connection turned = *c;

        memcpy(turned.originator, c->responder, sizeof turned.originator);
        memcpy(turned.responder, c->originator, sizeof turned.responder);
        turned.originator_port = c->responder_port;
        turned.responder_port = c->originator_port;
        return turned;
}

/* An answer to an echo request is the other direction of it, with the request's type. */
static bool is_icmp_answer(const Packet* packet) {
        return (packet->protocol == IPPROTO_ICMP && packet->source_port == ICMP_ECHOREPLY) ||
               (packet->protocol == IPPROTO_ICMPV6 && packet->source_port == ICMP6_ECHO_REPLY);
}

/* The connection as it looks with the sender of this packet as its originator. */
static Connection connection_of(const Packet* packet) {
        Connection c = {
                .first = packet->timestamp,
                .last = packet->timestamp,
                .family = packet->family,
                .originator_port = packet->source_port,
                .responder_port = packet->destination_port,
                .protocol = packet->protocol,
        };

        memcpy(c.originator, packet->source, sizeof c.originator);
        memcpy(c.responder, packet->destination, sizeof c.responder);
        if (is_icmp_answer(packet)) {
                c.originator_port = packet->destination_port;
                c.responder_port = packet->protocol == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
        }
        return c;
}

static Entry** find_bucket(Connections* connections, const Connection* c) {
        return &connections->buckets[hash_connection(c) % connections->n_buckets];
}

static void end_entry(Connections* connections, Entry* entry) {
        Entry** link = find_bucket(connections, &entry->connection);

        while (*link != entry)
                link = &(*link)->next_in_bucket;
        *link = entry->next_in_bucket;
        TAILQ_REMOVE(&connections->by_age, entry, by_age);
        connections->n--;
        connections->ended(&entry->connection, connections->userdata);
        free(entry);
}

static Entry* add_entry(Connections* connections, const Connection* c) {
        Entry* entry = xnew0(Entry);
        Entry** bucket;

        if (connections->n == connections->max)
                end_entry(connections, TAILQ_FIRST(&connections->by_age));

        bucket = find_bucket(connections, c);
        entry->connection = *c;
        entry->next_in_bucket = *bucket;
        *bucket = entry;
        TAILQ_INSERT_TAIL(&connections->by_age, entry, by_age);
        connections->n++;
        connections->total++;
        return entry;
}

const Connection* connections_count(Connections* connections, const Packet* packet, bool* ret_new) {
        Connection as_sent = connection_of(packet), turned = turn(&as_sent);
        bool from_originator = true;
        Entry* entry;

        for (entry = *find_bucket(connections, &as_sent); entry; entry = entry->next_in_bucket) {
                from_originator = is_same(&entry->connection, &as_sent);
                if (from_originator || is_same(&entry->connection, &turned))
                        break;
        }

        *ret_new = !entry;
        if (!entry) {
                /* an answer seen first: the other side has begun */
                from_originator = !(packet->tcp_syn && packet->tcp_ack) && !is_icmp_answer(packet);
                entry = add_entry(connections, from_originator ? &as_sent : &turned);
        }

        entry->connection.last = packet->timestamp;
        if (from_originator) {
                entry->connection.originator_packets++;
                entry->connection.originator_bytes += packet->ip_length;
        } else {
                entry->connection.responder_packets++;
                entry->connection.responder_bytes += packet->ip_length;
        }
        TAILQ_REMOVE(&connections->by_age, entry, by_age);
        TAILQ_INSERT_TAIL(&connections->by_age, entry, by_age);
        return &entry->connection;
}

void connections_end_all(Connections* connections) {
        Entry* entry;

        while ((entry = TAILQ_FIRST(&connections->by_age)))
                end_entry(connections, entry);
}

size_t connections_total(const Connections* connections) {
        return connections->total;
}

Connections* connections_free(Connections* connections) {
        if (!connections)
                return NULL;

        Entry* entry;
        while ((entry = TAILQ_FIRST(&connections->by_age))) {
                TAILQ_REMOVE(&connections->by_age, entry, by_age);
                free(entry);
        }
        free(connections->buckets);
        free(connections);
        return NULL;
}

const char* connection_protocol(const Connection* connection) {
        switch (connection->protocol) {
        case IPPROTO_TCP:
                return "tcp";
        case IPPROTO_UDP:
                return "udp";
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                return "icmp";
        default:
                return "unknown_transport";
        }
}

void connection_address(const Connection* connection, bool originator, char text[static INET6_ADDRSTRLEN]) {
        const void* address = originator ? connection->originator : connection->responder;

        if (!inet_ntop(connection->family, address, text, INET6_ADDRSTRLEN))
                (void) strcpy(text, "-");
}

void connection_uid(const Connection* connection, char uid[static CONNECTION_UID_MAX]) {
        static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        uint64_t value = hash_connection(connection) ^ (uint64_t) (connection->first * 1e6);

        uid[0] = 'C';
        for (size_t i = 1; i < 18; i++) {
                /* xorshift64*: the digits need not be good, only different */
                value ^= value >> 12;
                value ^= value << 25;
                value ^= value >> 27;
                uid[i] = digits[(value * 2685821657736338717U >> 32) % 62];
        }
        uid[18] = 0;
}

void connection_describe(const Connection* connection, char text[static CONNECTION_TEXT_MAX]) {
        char originator[INET6_ADDRSTRLEN], responder[INET6_ADDRSTRLEN];
        bool brackets = connection->family == AF_INET6;

        connection_address(connection, true, originator);
        connection_address(connection, false, responder);
        (void) snprintf(text, CONNECTION_TEXT_MAX, brackets ? "%s [%s]:%u > [%s]:%u" : "%s %s:%u > %s:%u",
                        connection_protocol(connection), originator, connection->originator_port, responder,
                        connection->responder_port);
}
