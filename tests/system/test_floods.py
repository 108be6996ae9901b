# SPDX-License-Identifier: BSD-3-Clause
"""Users who ask for more than anybody needs: it costs them answers, others nothing, and the daemon a bounded memory."""

import contextlib
import re

import pytest
from bus import BusError
from nodes import STAY, play
from raw_bus import RawBus

PENDING_BYTES_PER_USER_MAX = 16 << 20  # src/supervisor/authorize.h
QUEUE_BYTES = 64 << 20                 # what replies may take that the bus has not taken yet
MESSAGE_MAX = 128 << 20                # of D-Bus

CONNECTIONS = 200
MATCHES = 10

# Runs inside, as a user: many connections to the bus, each with subscriptions to everything, of which none ever reads.
SUBSCRIBERS = """
import os, socket, struct, sys

def string(text):
    return struct.pack("<I", len(text)) + text + b"\\0"

def call(serial, member, argument=None):
    fields = b""
    for code, kind, text in ((1, b"o", b"/org/freedesktop/DBus"), (6, b"s", b"org.freedesktop.DBus"),
                             (2, b"s", b"org.freedesktop.DBus"), (3, b"s", member), (8, b"g", b"s" if argument else None)):
        if text is None:
            continue
        fields += bytes(-len(fields) % 8) + bytes([code, 1]) + kind + b"\\0"
        fields += bytes([len(text)]) + text + b"\\0" if kind == b"g" else string(text)
    body = string(argument) if argument else b""
    head = struct.pack("<cBBBIII", b"l", 1, 0, 1, len(body), serial, len(fields)) + fields
    return head + bytes(-len(head) % 8) + body

rule = b"type='signal',sender='org.zeek.Supervisor',arg%d='%d'"
everything = b"type='signal',sender='org.zeek.Supervisor'"
connections = []
for i in range(int(sys.argv[1])):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("/run/dbus/system_bus_socket")
    connection.sendall(b"\\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\\r\\nBEGIN\\r\\n")
    connection.sendall(call(1, b"Hello") + call(2, b"AddMatch", everything))
    for j in range(int(sys.argv[2])):
        connection.sendall(call(3 + j, b"AddMatch", rule % (j, i)))
    connections.append(connection)
connections[-1].recv(1)
print("subscribed", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def users(machine_of_module):
    for name in "alice", "bob":
        machine_of_module.lab.add_user(name)
    machine_of_module.create("node", env=play("say=" + "x" * 400, "say=" + "y" * 400, "stay"))


@pytest.fixture(autouse=True)
def bounded(machine, users, request):
    """The daemon is the same after the test, and has at no time needed more than the test says beyond what it had."""
    limit = request.node.get_closest_marker("may_take").args[0]
    pid = machine.main_pid("zeek-supervisor.service")
    machine.run(f"echo 5 >/proc/{pid}/clear_refs")  # VmHWM begins anew
    before = memory(machine, pid, "VmRSS")
    yield
    assert machine.main_pid("zeek-supervisor.service") == pid
    if not machine.lab.sanitizers:  # which keep what was freed, on purpose
        assert memory(machine, pid, "VmHWM") - before < limit


def memory(machine, pid, which):
    status = machine.run(["cat", f"/proc/{pid}/status"]).stdout
    return int(re.search(rf"^{which}:\s+(\d+) kB", status, re.M)[1]) * 1024


def served(machine):
    """That somebody else gets what they ask for."""
    machine.create("other", env=STAY)
    assert machine.status("other")["other"]["state"] == "running"
    assert machine.call("Destroy", "s", "other") is True


@pytest.mark.may_take(2 * PENDING_BYTES_PER_USER_MAX)
def test_calls_that_are_not_allowed_are_as_cheap_as_they_are_many(machine):
    with RawBus(machine.lab, "alice") as alice:
        asked = [alice.send("Create", "a{sv}", {"name": "x", "interface": "x" * 10_000}) for _ in range(300)]
        served(machine)
        names = set()
        for serial in asked:
            with pytest.raises(BusError) as error:
                alice.reply(serial)
            names.add(error.value.name.rpartition(".")[2])
    assert names <= {"AccessDenied", "LimitsExceeded"} and "AccessDenied" in names


@pytest.mark.may_take(2 * MESSAGE_MAX)
def test_the_largest_messages_that_the_bus_lets_through(machine):
    with contextlib.suppress(ConnectionError), RawBus(machine.lab, "alice") as alice:
        large = "x" * (30 << 20)
        for member, signature, value in ("Status", "s", large), ("Destroy", "s", large), ("Create", "a{sv}", {"name": large}):
            with contextlib.suppress(BusError):
                alice.call(member, signature, value)
    served(machine)


@pytest.mark.may_take(QUEUE_BYTES)
def test_callers_who_never_read_what_they_asked_for(machine):
    with contextlib.ExitStack() as stack:
        for user in "alice", "bob":
            caller = stack.enter_context(RawBus(machine.lab, user))
            caller.socket.settimeout(1)
            with contextlib.suppress(TimeoutError, ConnectionError):
                for _ in range(3000):
                    caller.send("Status", "s", "")
                    caller.send("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")
        served(machine)
    served(machine)


@pytest.mark.may_take(QUEUE_BYTES)
def test_thousands_of_subscriptions_that_nobody_reads(machine):
    script = ["/usr/bin/python3", "-c", SUBSCRIBERS, str(CONNECTIONS), str(MATCHES)]
    with machine.lab.popen(script, "alice", stdin=-1, stdout=-1) as subscribers:
        assert subscribers.stdout.readline() == "subscribed\n"
        for _ in range(5):
            served(machine)
        subscribers.kill()  # and they vanish, all at once
        served(machine)


@pytest.mark.may_take(QUEUE_BYTES)
def test_tests_of_hooks_that_wait_for_a_program_are_few(machine):
    machine.call("AddHook", "a{sv}", {"name": "mute", "exec": ["/bin/sleep", "infinity"], "timeout_usec": 60_000_000})
    try:
        with RawBus(machine.lab, "alice") as alice, RawBus(machine.lab, "bob") as bob:
            asked = [alice.send("TestHooks", "sss", "node", "stdout", "x" * 1_000_000) for _ in range(20)]
            for serial in asked[16:]:  # HOOK_TESTS_PER_SENDER_MAX
                with pytest.raises(BusError, match="LimitsExceeded: 16 of your tests"):
                    alice.reply(serial)
            with pytest.raises(BusError, match="LimitsExceeded: line: is longer than 1048576 bytes"):
                bob.call("TestHooks", "sss", "node", "stdout", "x" * 1_100_000)
    finally:
        machine.call("RemoveHook", "s", "mute")
    served(machine)
