# SPDX-License-Identifier: BSD-3-Clause
"""A client of zeek-stem's socket: what the supervisor is to it, in Python.

It runs outside of the lab, on a connection that a helper inside made: a D-Bus server wants to know the process that
connects, and from inside, one of outside has no number. Numbers of processes in replies are those of the lab.
"""

import contextlib
import os
import queue
import socket

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

PATH = "/org/zeek/Stem"
INTERFACE = "org.zeek.Stem"


class StemError(Exception):
    def __init__(self, error):
        self.name = Gio.DBusError.get_remote_error(error) or ""
        Gio.DBusError.strip_remote_error(error)
        super().__init__(f"{self.name}: {error.message}")
        self.message = error.message


class Node:
    """What Launch and Attach reply with."""

    def __init__(self, reply, fds):
        self.pid, indices = reply
        self.fds = {name: fds[i] for name, i in indices.items()}

    def __getattr__(self, name):
        try:
            return self.fds[name]
        except KeyError:
            raise AttributeError(name) from None

    def close(self):
        for fd in self.fds.values():
            os.close(fd)


CONNECT = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
socket.send_fds(socket.socket(fileno=0), [b"!"], [connection.fileno()])
"""


def connect(lab, path, user=None):
    """A connection to a socket of the lab, made by a process of the lab."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = ["/usr/bin/python3", "-c", CONNECT, path]
        with lab.popen(command, user, stdin=theirs) as process:
            theirs.close()
            _, fds, _, _ = socket.recv_fds(ours, 1, 1)
            process.wait()
    if not fds:
        raise ConnectionError(f"no connection to {path}")
    return socket.socket(fileno=fds[0])


@contextlib.contextmanager
def acting_as(uid):
    """For the authentication, in which the client says which user it is."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


class StemClient:
    def __init__(self, lab, path="/run/zeek-stem/socket", user=None):
        self.socket = connect(lab, path, user)
        self.socket.setblocking(False)
        stream = Gio.Socket.new_from_fd(self.socket.detach()).connection_factory_create_connection()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        with acting_as(lab.uid(user) if user else 0):
            self.bus = Gio.DBusConnection.new_sync(stream, None, flags, None, None)
        self.signals = queue.Queue()
        self.seen = []
        self.bus.add_filter(self._filter)
        # sd-bus takes no descriptors before it has seen that the authentication is over: the first call has none
        self.property("PID")

    def close(self):
        self.bus.close_sync()

    def is_open(self):
        return not self.bus.is_closed()

    def _filter(self, bus, message, incoming):
        if incoming and message.get_message_type() == Gio.DBusMessageType.SIGNAL:
            self.signals.put((message.get_member(), *message.get_body().unpack()))
        return message

    def wait_signal(self, member, name, timeout=10):
        """The arguments of the first such signal about the node that nobody has waited for yet."""
        while True:
            for i, (m, n, *arguments) in enumerate(self.seen):
                if (m, n) == (member, name):
                    del self.seen[i]
                    return arguments
            self.seen.append(self.signals.get(timeout=timeout))

    def call(self, member, signature="()", arguments=(), reply=None, timeout=90, fds=()):
        """The reply's arguments and its list of descriptors."""
        try:
            value, fds = self.bus.call_with_unix_fd_list_sync(
                None,
                PATH,
                INTERFACE,
                member,
                GLib.Variant(signature, arguments),
                GLib.VariantType(reply) if reply else None,
                Gio.DBusCallFlags.NONE,
                timeout * 1000,
                Gio.UnixFDList.new_from_array([os.dup(fd) for fd in fds]) if fds else None,
                None,
            )
        except GLib.Error as error:
            raise StemError(error) from None
        return value.unpack(), fds.steal_fds() if fds else []

    def introspect(self):
        name = "org.freedesktop.DBus.Introspectable"
        return self.bus.call_sync(None, PATH, name, "Introspect", None, None, 0, 10000, None).unpack()[0]

    def property(self, name):
        arguments = GLib.Variant("(ss)", (INTERFACE, name))
        properties = "org.freedesktop.DBus.Properties"
        return self.bus.call_sync(None, PATH, properties, "Get", arguments, None, 0, 10000, None).unpack()[0]

    def launch(self, order, input=None):
        if input is not None:
            order = {**order, "StandardInput": GLib.Variant("h", 0)}
        fds = () if input is None else (input,)
        return Node(*self.call("Launch", "(a{sv})", (order,), "(ua{sh})", fds=fds))

    def attach(self, name):
        return Node(*self.call("Attach", "(s)", (name,), "(ua{sh})"))

    def signal(self, name, number):
        self.call("Signal", "(si)", (name, number))

    def terminate(self, name):
        self.call("Terminate", "(s)", (name,))

    def adopt(self, name, pid, fds=None, **system_calls):
        indices = {which: i for i, which in enumerate(fds or ())}
        arguments = (name, scope(name), pid, indices, system_calls)
        self.call("Adopt", "(ssua{sh}a{sv})", arguments, fds=tuple((fds or {}).values()))

    def kill_scope(self, name, number):
        self.call("KillScope", "(si)", (name, number))

    def release(self, name):
        self.call("Release", "(s)", (name,))

    def list(self):
        (rows,), _ = self.call("List", reply="(a(ssubiibb))")
        keys = ("scope", "pid", "exited", "code", "status", "emptied", "out_of_memory")
        return {name: dict(zip(keys, row)) for name, *row in rows}

    def probe(self, arguments, environment=(), uid=65534, gid=65534, timeout=5):
        values = (list(arguments), list(environment), uid, gid, int(timeout * 1_000_000))
        (output,), _ = self.call("Probe", "(asasuut)", values, "(s)")
        return output


def scope(name):
    return "zeek-node-{}.scope".format(name.replace("-", "\\x2d"))


def order(name, *arguments, **more):
    """A launch order. Further keys are given by their D-Bus names, as GLib.Variant or as a string."""
    values = {
        "Name": GLib.Variant("s", name),
        "Scope": GLib.Variant("s", scope(name)),
        "Arguments": GLib.Variant("as", arguments),
        "Environment": GLib.Variant("as", ["PATH=/usr/bin:/bin"]),
        "UID": GLib.Variant("u", 65534),
        "GID": GLib.Variant("u", 65534),
    }
    for key, value in more.items():
        values[key] = GLib.Variant("s", value) if isinstance(value, str) else value
    return {key: value for key, value in values.items() if value is not None}
