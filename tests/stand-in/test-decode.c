/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <pcap/dlt.h>
#include <string.h>
#include <sys/socket.h>

#include "stand-in/connections.h"
#include "stand-in/decode.h"
#include "unit/unit.h"
#include "util/alloc.h"

#define ETHERNET_ADDRESSES 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1
#define TCP_SYN_HEADER 0xc3, 0x51, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 0x02, 0xfa, 0xf0, 0, 0, 0, 0
#define UDP_HEADER 0x9c, 0x41, 0, 53, 0, 8, 0, 0
#define IPV4_HEADER(length, protocol) \
        0x45, 0, 0, (length), 0, 1, 0x40, 0, 64, (protocol), 0, 0, 192, 0, 2, 10, 198, 51, 100, 80
#define IPV6_ADDRESSES                                                     \
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,     \
        0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80

static const uint8_t ethernet_tcp4[] = { ETHERNET_ADDRESSES, 8, 0, IPV4_HEADER(40, 6), TCP_SYN_HEADER };
static const uint8_t vlan_tcp4[] = { ETHERNET_ADDRESSES, 0x88,          0xa8, 0, 1, 0x81, 0, 0, 42, 8, 0,
                                     IPV4_HEADER(40, 6), TCP_SYN_HEADER };
static const uint8_t ethernet_udp6[] = { ETHERNET_ADDRESSES, 0x86,      0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64,
                                         IPV6_ADDRESSES,     UDP_HEADER };
/* hop-by-hop options, then a first fragment, then UDP */
static const uint8_t ethernet_extended_udp6[] = {
        ETHERNET_ADDRESSES, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 0, 64, IPV6_ADDRESSES,
        44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 7, UDP_HEADER,
};
static const uint8_t cooked_tcp4[] = { 0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, IPV4_HEADER(40, 6),
                                       TCP_SYN_HEADER };
static const uint8_t cooked2_tcp4[] = { 8, 0, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0,
                                        IPV4_HEADER(40, 6), TCP_SYN_HEADER };
static const uint8_t loopback_tcp4[] = { 2, 0, 0, 0, IPV4_HEADER(40, 6), TCP_SYN_HEADER };
static const uint8_t loopback_udp6[] = {
        0, 0, 0, 30, 0x60, 0, 0, 0, 0, 8, 17, 64, IPV6_ADDRESSES, UDP_HEADER
};
static const uint8_t raw_tcp4[] = { IPV4_HEADER(40, 6), TCP_SYN_HEADER };

#define SAMPLE(link_type, bytes) { link_type, bytes, sizeof(bytes) }

static const struct Sample {
        int link_type;
        const uint8_t* data;
        size_t size;
} samples[] = {
        SAMPLE(DLT_EN10MB, ethernet_tcp4),  SAMPLE(DLT_EN10MB, vlan_tcp4),
        SAMPLE(DLT_EN10MB, ethernet_udp6),  SAMPLE(DLT_EN10MB, ethernet_extended_udp6),
        SAMPLE(DLT_LINUX_SLL, cooked_tcp4), SAMPLE(DLT_LINUX_SLL2, cooked2_tcp4),
        SAMPLE(DLT_NULL, loopback_tcp4),    SAMPLE(DLT_LOOP, loopback_udp6),
        SAMPLE(DLT_RAW, raw_tcp4),          SAMPLE(DLT_IPV4, raw_tcp4),
};

/* From memory that ends where the frame does, so that a sanitizer sees every step beyond. */
static bool decode(Packet* ret, int link_type, const uint8_t* data, size_t size) {
        _cleanup_free_ uint8_t* copy = xmemdup(data, size);

        return decode_packet(ret, link_type, copy, size);
}

static void addresses_and_ports_are_found_behind_every_link_header(void** state) {
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                Packet packet;

                assert_true(decode_knows(samples[i].link_type));
                assert_true(decode(&packet, samples[i].link_type, samples[i].data, samples[i].size));
                if (packet.protocol == IPPROTO_TCP) {
                        assert_int_equal(packet.family, AF_INET);
                        assert_memory_equal(packet.source, "\xc0\x00\x02\x0a", 4);
                        assert_memory_equal(packet.destination, "\xc6\x33\x64\x50", 4);
                        assert_int_equal(packet.source_port, 50001);
                        assert_int_equal(packet.destination_port, 80);
                        assert_int_equal(packet.ip_length, 40);
                        assert_true(packet.tcp_syn && !packet.tcp_ack);
                } else {
                        assert_int_equal(packet.protocol, IPPROTO_UDP);
                        assert_int_equal(packet.family, AF_INET6);
                        assert_int_equal(packet.source[15], 0x10);
                        assert_int_equal(packet.source_port, 40001);
                        assert_int_equal(packet.destination_port, 53);
                }
        }
        assert_false(decode_knows(DLT_IEEE802_11));
}

static void a_frame_that_is_cut_within_its_headers_is_no_packet(void** state) {
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                size_t needed = samples[i].size;
                Packet packet;

                /* the last bytes of TCP and UDP headers are not looked at */
                for (size_t size = 0; size < needed - 6; size++)
                        assert_false(decode(&packet, samples[i].link_type, samples[i].data, size));
        }
}

static void a_later_fragment_counts_without_ports(void** state) {
        uint8_t frame[sizeof ethernet_tcp4];
        Packet packet;

        memcpy(frame, ethernet_tcp4, sizeof frame);
        frame[14 + 7] = 5;
        assert_true(decode(&packet, DLT_EN10MB, frame, sizeof frame));
        assert_int_equal(packet.source_port, 0);
        assert_int_equal(packet.destination_port, 0);
}

static void damaged_frames_are_read_within_their_bounds(void** state) {
        uint32_t random = 815;

        for (unsigned round = 0; round < 50000; round++) {
                const struct Sample* sample = &samples[round % ELEMENTSOF(samples)];
                _cleanup_free_ uint8_t* frame = xmemdup(sample->data, sample->size);
                Packet packet;

                for (unsigned i = 0; i < 3; i++) {
                        random = random * 1664525 + 1013904223;
                        frame[(random >> 16) % sample->size] = (uint8_t) (random >> 4);
                }
                random = random * 1664525 + 1013904223;
                (void) decode(&packet, sample->link_type, frame, (random >> 8) % (sample->size + 1));
        }
}

static void count_ended(const Connection* connection, void* userdata) {
        (*(unsigned*) userdata)++;
}

static Packet packet_between(uint8_t source, uint8_t destination, uint16_t source_port,
                             uint16_t destination_port) {
        return (Packet) {
                .timestamp = 1,
                .family = AF_INET,
                .source = { 10, 0, 0, source },
                .destination = { 10, 0, 0, destination },
                .source_port = source_port,
                .destination_port = destination_port,
                .protocol = IPPROTO_TCP,
                .ip_length = 100,
        };
}

static void both_directions_are_one_connection(void** state) {
        unsigned ended = 0;
        Connections* connections = connections_new(100, count_ended, &ended);
        Packet there = packet_between(1, 2, 1000, 80), back = packet_between(2, 1, 80, 1000);
        const Connection* connection;
        char text[CONNECTION_TEXT_MAX];
        bool is_new;

        (void) connections_count(connections, &there, &is_new);
        assert_true(is_new);
        connection = connections_count(connections, &back, &is_new);
        assert_false(is_new);
        assert_int_equal(connection->originator_packets, 1);
        assert_int_equal(connection->responder_packets, 1);
        assert_int_equal(connection->responder_bytes, 100);
        connection_describe(connection, text);
        assert_string_equal(text, "tcp 10.0.0.1:1000 > 10.0.0.2:80");

        connections_end_all(connections);
        assert_int_equal(ended, 1);
        (void) connections_free(connections);
}

static void who_answers_first_is_still_the_responder(void** state) {
        unsigned ended = 0;
        Connections* connections = connections_new(100, count_ended, &ended);
        Packet answer = packet_between(2, 1, 80, 1000);
        const Connection* connection;
        bool is_new;

        answer.tcp_syn = answer.tcp_ack = true;
        connection = connections_count(connections, &answer, &is_new);
        assert_int_equal(connection->originator_port, 1000);
        assert_int_equal(connection->responder_packets, 1);

        answer = packet_between(2, 1, 0, 0);
        answer.protocol = IPPROTO_ICMP;
        connection = connections_count(connections, &answer, &is_new);
        assert_int_equal(connection->originator_port, 8);
        assert_int_equal(connection->originator[3], 1);
        (void) connections_free(connections);
}

static void the_table_is_bounded_and_the_quietest_connection_goes_first(void** state) {
        unsigned ended = 0;
        Connections* connections = connections_new(10, count_ended, &ended);
        Packet first = packet_between(1, 2, 1000, 80);
        bool is_new;

        for (uint16_t i = 0; i < 1000; i++) {
                Packet other = packet_between(1, 2, (uint16_t) (2000 + i), 80);

                (void) connections_count(connections, &first, &is_new);
                assert_int_equal(is_new, i == 0);
                (void) connections_count(connections, &other, &is_new);
                assert_true(is_new);
        }
        assert_int_equal(ended, 1001 - 10);
        assert_int_equal(connections_total(connections), 1001);
        (void) connections_free(connections);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses_and_ports_are_found_behind_every_link_header),
                cmocka_unit_test(a_frame_that_is_cut_within_its_headers_is_no_packet),
                cmocka_unit_test(a_later_fragment_counts_without_ports),
                cmocka_unit_test(damaged_frames_are_read_within_their_bounds),
                cmocka_unit_test(both_directions_are_one_connection),
                cmocka_unit_test(who_answers_first_is_still_the_responder),
                cmocka_unit_test(the_table_is_bounded_and_the_quietest_connection_goes_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
