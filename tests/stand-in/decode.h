/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* From the bytes of a frame to who talks to whom. Reads nothing beyond caplen, whatever the frame says. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Packet {
        double timestamp; /* filled in by whoever has it */
        int family;       /* AF_INET or AF_INET6 */
        uint8_t source[16], destination[16]; /* IPv4 in the first four bytes */
        uint16_t source_port, destination_port; /* of ICMP: type and code */
        uint8_t protocol;
        bool tcp_syn, tcp_ack;
        uint32_t ip_length; /* header and payload, as the header says */
} Packet;

/* Ethernet with VLAN tags, BSD loopback, raw IP, Linux cooked captures. */
bool decode_knows(int link_type);
/* false: not IP, or cut off within its headers. */
bool decode_packet(Packet* ret, int link_type, const uint8_t* data, size_t size);
