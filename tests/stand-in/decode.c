/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <string.h>
#include <sys/socket.h>

#include "stand-in/decode.h"

#define ETHERTYPE_4 0x0800
#define ETHERTYPE_6 0x86dd
#define VLAN_TAGS_MAX 4
#define EXTENSION_HEADERS_MAX 8

#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_ACK 0x10

/* What is left of a frame. */
typedef struct Bytes {
        const uint8_t* data;
        size_t size;
} Bytes;

static bool skip(Bytes* bytes, size_t n) {
        if (bytes->size < n)
                return false;
        bytes->data += n;
        bytes->size -= n;
        return true;
}

static uint16_t read_u16(const uint8_t* p) {
        return (uint16_t) (p[0] << 8 | p[1]);
}

static bool is_vlan(uint16_t ethertype) {
        return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* The ethertype at the given offset, and behind the VLAN tags that may follow it. */
static uint16_t skip_ethertype(Bytes* bytes, size_t offset) {
        uint16_t type;

        if (!skip(bytes, offset) || bytes->size < 2)
                return 0;
        type = read_u16(bytes->data);
        (void) skip(bytes, 2);
        for (unsigned i = 0; i < VLAN_TAGS_MAX && is_vlan(type); i++) {
                if (bytes->size < 4)
                        return 0;
                type = read_u16(bytes->data + 2);
                (void) skip(bytes, 4);
        }
        return is_vlan(type) ? 0 : type;
}

/* SLL2 has its ethertype in front of the rest. */
static uint16_t skip_cooked_2(Bytes* bytes) {
        uint16_t type;

        if (bytes->size < 20)
                return 0;
        type = read_u16(bytes->data);
        (void) skip(bytes, 20);
        return type;
}

/* The address family in the byte order of the machine that captured; its values differ between systems. */
static uint16_t skip_loopback(Bytes* bytes) {
        if (!skip(bytes, 4))
                return 0;
        /* the version that IP itself carries says the same, everywhere */
        if (bytes->size == 0)
                return 0;
        return bytes->data[0] >> 4 == 4 ? ETHERTYPE_4 : bytes->data[0] >> 4 == 6 ? ETHERTYPE_6 : 0;
}

static uint16_t skip_link_header(Bytes* bytes, int link_type) {
        switch (link_type) {
        case DLT_EN10MB:
                return skip_ethertype(bytes, 12);
        case DLT_LINUX_SLL:
                return skip_ethertype(bytes, 14);
        case DLT_LINUX_SLL2:
                return skip_cooked_2(bytes);
        case DLT_NULL:
        case DLT_LOOP:
                return skip_loopback(bytes);
        case DLT_RAW:
                if (bytes->size == 0)
                        return 0;
                return bytes->data[0] >> 4 == 6 ? ETHERTYPE_6 : ETHERTYPE_4;
        case DLT_IPV4:
                return ETHERTYPE_4;
        case DLT_IPV6:
                return ETHERTYPE_6;
        default:
                return 0;
        }
}

bool decode_knows(int link_type) {
        static const int known[] = {
                DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, DLT_RAW, DLT_IPV4, DLT_IPV6,
        };

        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (known[i] == link_type)
                        return true;
        return false;
}

/* The ports, or type and code. A fragment other than the first has none, and counts without. */
static bool decode_transport(Packet* packet, Bytes bytes, bool first_fragment) {
        if (!first_fragment)
                return true;

        switch (packet->protocol) {
        case IPPROTO_TCP:
                if (bytes.size < 14)
                        return false;
                packet->tcp_syn = bytes.data[13] & TCP_FLAG_SYN;
                packet->tcp_ack = bytes.data[13] & TCP_FLAG_ACK;
                break;
        case IPPROTO_UDP:
        case IPPROTO_SCTP:
                if (bytes.size < 4)
                        return false;
                break;
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                if (bytes.size < 2)
                        return false;
                packet->source_port = bytes.data[0];
                packet->destination_port = bytes.data[1];
                return true;
        default:
                return true;
        }
        packet->source_port = read_u16(bytes.data);
        packet->destination_port = read_u16(bytes.data + 2);
        return true;
}

static bool decode_ipv4(Packet* packet, Bytes bytes) {
        size_t header_size;
        bool first_fragment;

        if (bytes.size < 20 || bytes.data[0] >> 4 != 4)
                return false;
        header_size = (size_t) (bytes.data[0] & 0x0f) * 4;
        if (header_size < 20)
                return false;

        packet->family = AF_INET;
        packet->ip_length = read_u16(bytes.data + 2);
        first_fragment = (read_u16(bytes.data + 6) & 0x1fff) == 0;
        packet->protocol = bytes.data[9];
        memcpy(packet->source, bytes.data + 12, 4);
        memcpy(packet->destination, bytes.data + 16, 4);
        return skip(&bytes, header_size) && decode_transport(packet, bytes, first_fragment);
}

/* Walks over the extension headers. */
static bool decode_ipv6_payload(Packet* packet, Bytes bytes, uint8_t next_header) {
        bool first_fragment = true;

        for (unsigned i = 0; i < EXTENSION_HEADERS_MAX; i++) {
                size_t size;

                switch (next_header) {
                case IPPROTO_HOPOPTS:
                case IPPROTO_ROUTING:
                case IPPROTO_DSTOPTS:
                        if (bytes.size < 2)
                                return false;
                        size = ((size_t) bytes.data[1] + 1) * 8;
                        break;
                case IPPROTO_AH:
                        if (bytes.size < 2)
                                return false;
                        size = ((size_t) bytes.data[1] + 2) * 4;
                        break;
                case IPPROTO_FRAGMENT:
                        if (bytes.size < 8)
                                return false;
                        first_fragment = first_fragment && (read_u16(bytes.data + 2) & 0xfff8) == 0;
                        size = 8;
                        break;
                default:
                        packet->protocol = next_header;
                        return decode_transport(packet, bytes, first_fragment);
                }
                next_header = bytes.data[0];
                if (!skip(&bytes, size))
                        return false;
        }
        return false;
}

static bool decode_ipv6(Packet* packet, Bytes bytes) {
        uint8_t next_header;

        if (bytes.size < 40 || bytes.data[0] >> 4 != 6)
                return false;
        packet->family = AF_INET6;
        packet->ip_length = 40U + read_u16(bytes.data + 4);
        next_header = bytes.data[6];
        memcpy(packet->source, bytes.data + 8, 16);
        memcpy(packet->destination, bytes.data + 24, 16);
        (void) skip(&bytes, 40);
        return decode_ipv6_payload(packet, bytes, next_header);
}

bool decode_packet(Packet* ret, int link_type, const uint8_t* data, size_t size) {
        Bytes bytes = { .data = data, .size = size };
        Packet packet = {};
        uint16_t ethertype = skip_link_header(&bytes, link_type);

        if (ethertype == ETHERTYPE_4 ? !decode_ipv4(&packet, bytes) :
            ethertype == ETHERTYPE_6 ? !decode_ipv6(&packet, bytes) :
                                       true)
                return false;
        *ret = packet;
        return true;
}
