#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes mixed.pcap, the capture of the test suite and the demo: make-capture.py FILE

Ten connections that a real Zeek takes for what they are, with correct lengths and checksums, between addresses
that are reserved for documentation. The bytes depend on nothing but this file.

    4 tcp over IPv4   three requests with answers, one of them in a VLAN, and one connection that is refused
    1 tcp over IPv6   a request with its answer
    3 udp             two name look-ups over IPv4, one over IPv6
    2 icmp            a ping over IPv4, a ping over IPv6
"""

import ipaddress
import struct
import sys

CLIENT_MAC = bytes.fromhex("020000000001")
SERVER_MAC = bytes.fromhex("020000000002")
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self):
        self.packets = []

    def add(self, time, source, destination, protocol, payload, *, from_client, vlan=None):
        source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
        if source.version == 4:
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), len(self.packets) + 1, 0x4000, 64,
                                 protocol, 0, source.packed, destination.packed)
            header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
            ethertype = 0x0800
        else:
            header = struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, source.packed,
                                 destination.packed)
            ethertype = 0x86DD

        macs = SERVER_MAC + CLIENT_MAC if from_client else CLIENT_MAC + SERVER_MAC
        tag = struct.pack("!HH", 0x8100, vlan) if vlan is not None else b""
        frame = macs + tag + struct.pack("!H", ethertype) + header + payload
        self.packets.append((time, frame))

    def write(self, path):
        # a capture's packets are in the order of their time
        self.packets.sort(key=lambda packet: packet[0])
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for time, frame in self.packets:
                seconds, microseconds = divmod(time, 1_000_000)
                f.write(struct.pack("<IIII", seconds, microseconds, len(frame), len(frame)) + frame)


def with_checksum(source, destination, protocol, segment, offset):
    """The segment with the checksum at that offset that its pseudo header asks for."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        pseudo = source.packed + destination.packed + struct.pack("!BBH", 0, protocol, len(segment))
    else:
        pseudo = source.packed + destination.packed + struct.pack("!II", len(segment), protocol)
    if protocol == ICMP:
        pseudo = b""
    value = checksum(pseudo + segment)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return segment[:offset] + struct.pack("!H", value) + segment[offset + 2:]


class TcpConnection:
    def __init__(self, capture, time, client, server, *, vlan=None):
        self.capture, self.time, self.vlan = capture, time, vlan
        self.ends = {True: client, False: server}
        self.next_sequence = {True: 1000, False: 5000}

    def send(self, from_client, flags, data=b""):
        (source, source_port), (destination, destination_port) = self.ends[from_client], self.ends[not from_client]
        acknowledged = self.next_sequence[not from_client] if flags & ACK else 0
        segment = struct.pack("!HHIIBBHHH", source_port, destination_port, self.next_sequence[from_client],
                              acknowledged, 5 << 4, flags, 64240, 0, 0) + data
        segment = with_checksum(source, destination, TCP, segment, 16)
        self.capture.add(self.time, source, destination, TCP, segment, from_client=from_client, vlan=self.vlan)
        self.next_sequence[from_client] += len(data) + bool(flags & (SYN | FIN))
        self.time += 1500

    def exchange(self, request, answer):
        self.send(True, SYN)
        self.send(False, SYN | ACK)
        self.send(True, ACK)
        self.send(True, PSH | ACK, request)
        self.send(False, ACK)
        for i in range(0, len(answer), 1400):
            self.send(False, PSH | ACK, answer[i:i + 1400])
            self.send(True, ACK)
        self.send(True, FIN | ACK)
        self.send(False, FIN | ACK)
        self.send(True, ACK)


def datagram(capture, time, source, destination, data, *, from_client):
    segment = struct.pack("!HHHH", source[1], destination[1], 8 + len(data), 0) + data
    segment = with_checksum(source[0], destination[0], UDP, segment, 6)
    capture.add(time, source[0], destination[0], UDP, segment, from_client=from_client)


def look_up(capture, time, client, server, number, name, record_type, address):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    question += struct.pack("!HH", record_type, 1)
    query = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + question
    packed = ipaddress.ip_address(address).packed
    answer = struct.pack("!HHHHHH", number, 0x8180, 1, 1, 0, 0) + question
    answer += struct.pack("!HHHIH", 0xC00C, record_type, 1, 300, len(packed)) + packed
    datagram(capture, time, client, server, query, from_client=True)
    datagram(capture, time + 12_000, server, client, answer, from_client=False)


def ping(capture, time, client, server, protocol, request_type, answer_type, count):
    for i in range(count):
        for from_client, icmp_type in ((True, request_type), (False, answer_type)):
            source, destination = (client, server) if from_client else (server, client)
            message = struct.pack("!BBHHH", icmp_type, 0, 0, 77, i) + bytes(range(32))
            message = with_checksum(source, destination, protocol, message, 2)
            capture.add(time, source, destination, protocol, message, from_client=from_client)
            time += 800
        time += 100_000


def main():
    capture = Capture()
    start = 1_700_000_000_000_000
    client, server, resolver = "192.0.2.10", "198.51.100.80", "192.0.2.53"
    client6, server6, resolver6 = "2001:db8::10", "2001:db8:1::80", "2001:db8::53"
    request = b"GET /%s HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"

    def page(size):
        return answer % (size, (b"0123456789abcdef" * (size // 16 + 1))[:size])

    look_up(capture, start, (client, 40001), (resolver, 53), 1, "www.example.org", 1, server)
    look_up(capture, start + 500, (client, 40002), (resolver, 53), 2, "www.example.org", 28, server6)
    look_up(capture, start + 20_000, (client6, 40003), (resolver6, 53), 3, "www.example.org", 28, server6)
    TcpConnection(capture, start + 50_000, (client, 50001), (server, 80)).exchange(request % b"small", page(100))
    TcpConnection(capture, start + 60_000, (client, 50002), (server, 80)).exchange(request % b"large", page(4000))
    TcpConnection(capture, start + 150_000, (client, 50003), (server, 8080), vlan=42).exchange(
        request % b"vlan", page(200))
    TcpConnection(capture, start + 200_000, (client6, 50004), (server6, 80)).exchange(request % b"six", page(300))

    refused = TcpConnection(capture, start + 250_000, (client, 50005), (server, 25))
    refused.send(True, SYN)
    refused.send(False, RST | ACK)

    ping(capture, start + 300_000, client, server, ICMP, 8, 0, 3)
    ping(capture, start + 350_000, client6, server6, ICMPV6, 128, 129, 2)
    capture.write(sys.argv[1])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
