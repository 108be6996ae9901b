# SPDX-License-Identifier: BSD-3-Clause
"""A client of the bus that keeps no rule: it sends bytes as they are given, many calls at once, and may leave."""

import contextlib
import itertools
import socket
import time

import dbus_wire as wire
from bus import MANAGER, MANAGER_PATH, SERVICE, BusError

SYSTEM_BUS = "/run/dbus/system_bus_socket"

# The bus wants to know the process that connects, and from inside one of outside has no number (0); it stays there as
# long as the connection does.
CONNECT = """
import os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
control = socket.socket(fileno=0)
socket.send_fds(control, [b"%d" % os.getuid()], [connection.fileno()])
connection.close()
control.recv(1)
"""


class RawBus:
    def __init__(self, lab, user=None, address=SYSTEM_BUS, outside=False):
        """outside: connected by this process, which is in none of the lab's namespaces, and root."""
        self.control = self.process = None
        uid = b"0"
        if outside:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(lab.path(address)))
        else:
            uid = self._connect_inside(lab, user, address)
        self.socket.settimeout(60)
        self.serials = itertools.count(1)
        self.buffer = b""
        self.replies = {}
        self.signals = []  # those that came in between
        self._authenticate(uid)
        self.name = self.call("Hello", service="org.freedesktop.DBus", path="/org/freedesktop/DBus",
                              interface="org.freedesktop.DBus")

    def _connect_inside(self, lab, user, address):
        """Returns the number of the user, as text."""
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = lab.popen(["/usr/bin/python3", "-c", CONNECT, address], user, stdin=theirs)
        uid, fds, _, _ = socket.recv_fds(self.control, 16, 1)
        if not fds:
            raise ConnectionError(f"no connection to {address}")
        self.socket = socket.socket(fileno=fds[0])
        return uid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()
        if self.process:
            self.control.close()
            self.process.wait()

    def _authenticate(self, uid):
        lines = [b"AUTH EXTERNAL " + uid.hex().encode(), b"NEGOTIATE_UNIX_FD", b"BEGIN"]
        self.socket.sendall(b"\0" + b"".join(line + b"\r\n" for line in lines))
        while self.buffer.count(b"\r\n") < 2:
            self._receive_more()
        *answers, self.buffer = self.buffer.split(b"\r\n", 2)
        if not (answers[0].startswith(b"OK ") and answers[1] == b"AGREE_UNIX_FD"):
            raise ConnectionError(f"the bus said {answers}")

    def _receive_more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionResetError("the bus closed the connection")
        self.buffer += data

    def send(self, member, signature="", *values, body=None, flags=0, fds=(), service=SERVICE, path=MANAGER_PATH,
             interface=MANAGER):
        """Sends a call and returns its serial, for reply(). body: bytes in the place of the values."""
        serial = next(self.serials)
        body = wire.marshal(signature, values) if body is None else body
        data = wire.message(wire.METHOD_CALL, serial, body, flags, path=path, interface=interface, member=member,
                            destination=service, signature=signature or None, n_fds=len(fds) or None)
        sent = socket.send_fds(self.socket, [data], fds) if fds else 0
        self.socket.sendall(data[sent:])
        return serial

    def reply(self, serial):
        """Waits for the reply to a call: returns its value or values, or raises the error that it is."""
        while serial not in self.replies:
            message = self._receive()
            if message.kind in (wire.METHOD_RETURN, wire.ERROR):
                self.replies[message.reply_serial] = message
            elif message.kind == wire.SIGNAL:
                self.signals.append(message)
        message = self.replies.pop(serial)
        if message.kind == wire.ERROR:
            raise BusError(message.error, message.arguments[0] if message.arguments else "")
        values = message.arguments
        return values if len(values) > 1 else values[0] if values else None

    def call(self, member, signature="", *values, **options):
        return self.reply(self.send(member, signature, *values, **options))

    def create(self, config):
        """config: a dictionary, or pairs."""
        return self.call("Create", "a{sv}", config)

    def _receive(self):
        while len(self.buffer) < 16 or len(self.buffer) < wire.message_size(self.buffer):
            self._receive_more()
        size = wire.message_size(self.buffer)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return wire.Message(data)

    def is_closed_by_the_bus(self, timeout=10):
        deadline = time.monotonic() + timeout
        with contextlib.suppress(TimeoutError):
            while (left := deadline - time.monotonic()) > 0:
                self.socket.settimeout(left)
                try:
                    if not self.socket.recv(1 << 20):
                        return True
                except ConnectionResetError:
                    return True
        return False
