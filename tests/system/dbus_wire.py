# SPDX-License-Identifier: BSD-3-Clause
"""D-Bus messages as bytes. Nothing is checked: a string may be bytes of any kind, a dictionary a list of pairs."""

import struct
from typing import NamedTuple

from dbus_types import Variant, guess, split

METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY_EXPECTED, NO_AUTO_START, ALLOW_INTERACTIVE_AUTHORIZATION = 1, 2, 4

FIELDS = {"path": (1, "o"), "interface": (2, "s"), "member": (3, "s"), "error": (4, "s"), "reply_serial": (5, "u")}
FIELDS |= {"destination": (6, "s"), "sender": (7, "s"), "signature": (8, "g"), "n_fds": (9, "u")}

FIXED = dict(y="B", b="I", n="h", q="H", i="i", u="I", x="q", t="Q", d="d", h="I")
ALIGNMENT = dict(y=1, b=4, n=2, q=2, i=4, u=4, x=8, t=8, d=8, h=4, s=4, o=4, g=1, v=1, a=4) | {"(": 8, "{": 8}


class Raw(NamedTuple):
    """A value of which the bytes are given, whatever its type would be written as."""

    data: bytes


def pad(data, alignment):
    data.extend(bytes(-len(data) % alignment))


def marshal(signature, values):
    data = bytearray()
    for kind, value in zip(split(signature), values, strict=True):
        marshal_one(data, kind, value)
    return bytes(data)


def marshal_one(data, kind, value):
    pad(data, ALIGNMENT[kind[0]])
    if isinstance(value, Raw):
        data.extend(value.data)
        return
    match kind[0]:
        case "s" | "o":
            text = value if isinstance(value, bytes) else value.encode()
            data.extend(struct.pack("<I", len(text)) + text + b"\0")
        case "g":
            data.extend(bytes([len(value)]) + value.encode() + b"\0")
        case "v":
            variant = value if isinstance(value, Variant) else guess(value)
            marshal_one(data, "g", variant.signature)
            marshal_one(data, variant.signature, variant.value)
        case "a":
            marshal_array(data, kind[1:], list(value.items()) if isinstance(value, dict) else value)
        case "(" | "{":
            for inner, item in zip(split(kind[1:-1]), value, strict=True):
                marshal_one(data, inner, item)
        case _:
            data.extend(struct.pack("<" + FIXED[kind[0]], value))


def marshal_array(data, kind, items):
    length_at = len(data)
    data.extend(bytes(4))
    pad(data, ALIGNMENT[kind[0]])
    begin = len(data)
    for item in items:
        marshal_one(data, kind, item)
    data[length_at : length_at + 4] = struct.pack("<I", len(data) - begin)


def message(kind, serial, body=b"", flags=0, **fields):
    header = bytearray(struct.pack("<cBBBII", b"l", kind, flags, 1, len(body), serial))
    entries = [(FIELDS[name][0], Variant(FIELDS[name][1], value)) for name, value in fields.items() if value is not None]
    marshal_array(header, "(yv)", entries)
    pad(header, 8)
    return bytes(header) + body


class Message:
    """A message that came in: its header fields are attributes, arguments its body."""

    def __init__(self, data):
        self.kind, self.flags, self.body_size, self.serial = struct.unpack_from("<xBBxII", data)
        reader = Reader(data, 12)
        for code, value in reader.read("a(yv)"):
            name = next((name for name, (number, _) in FIELDS.items() if number == code), None)
            if name:
                setattr(self, name, value)
        reader.align(8)
        body = Reader(data[reader.at :], 0)
        self.arguments = [body.read(kind) for kind in split(self.signature)]

    signature = ""
    error = reply_serial = member = None


def message_size(start):
    """Of the message that begins with these sixteen bytes."""
    body, fields = struct.unpack_from("<I", start, 4)[0], struct.unpack_from("<I", start, 12)[0]
    return 16 + fields + -fields % 8 + body


class Reader:
    def __init__(self, data, at):
        self.data, self.at = data, at

    def align(self, alignment):
        self.at += -self.at % alignment

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def read(self, kind):
        self.align(ALIGNMENT[kind[0]])
        match kind[0]:
            case "s" | "o":
                text = self.take(self.read("u"))
                self.take(1)
                return text.decode()
            case "g":
                text = self.take(self.read("y"))
                self.take(1)
                return text.decode()
            case "v":
                return self.read(self.read("g"))
            case "a":
                size = self.read("u")
                self.align(ALIGNMENT[kind[1]])
                end = self.at + size
                items = []
                while self.at < end:
                    items.append(self.read(kind[1:]))
                return dict(items) if kind[1] == "{" else items
            case "b":
                return self.read("u") != 0
            case "(" | "{":
                return tuple(self.read(inner) for inner in split(kind[1:-1]))
            case _:
                size = struct.calcsize(FIXED[kind[0]])
                return struct.unpack("<" + FIXED[kind[0]], self.take(size))[0]
