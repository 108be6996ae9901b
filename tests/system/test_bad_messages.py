# SPDX-License-Identifier: BSD-3-Clause
"""Messages that no library would send, and callers that do not behave: they harm themselves at most."""

import contextlib
import os
import re

import dbus_wire as wire
import pytest
from bus import NODE, BusError, node_path
from dbus_types import Variant
from nodes import play
from raw_bus import RawBus
from traces import Traces

INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"
ERRORS = "org.zeek.Supervisor.Error"
PROPERTIES = "org.freedesktop.DBus.Properties"


@pytest.fixture(scope="module")
def bus(machine_of_module):
    with RawBus(machine_of_module.lab) as bus:
        bus.create(good("first"))
        bus.call("Destroy", "s", "first")
        yield bus


@pytest.fixture(scope="module")
def clean(machine_of_module, bus):
    return Traces(machine_of_module)


@pytest.fixture(autouse=True)
def nothing_is_left(machine, clean):
    yield
    clean.expect_none_since()


@pytest.fixture
def caller(machine):
    """A further client, which may be lost."""
    with RawBus(machine.lab) as caller:
        yield caller


def error_of(call, *arguments, **options):
    with pytest.raises(BusError) as error:
        call(*arguments, **options)
    return error.value


def good(name, *directives, **more):
    """A node that runs until it is told otherwise."""
    return {"name": name, "directory": "/tmp", "env": play("stay", *directives)} | more


def create_stubborn(machine, bus, name, stop_timeout_usec):
    """Creates a node that takes that long to stop."""
    bus.create(good(name, "ignore-term", "say=up", stop_timeout_usec=stop_timeout_usec))
    machine.wait_for(lambda: bus.call("Status", "s", name)[name]["last_output"] == ["up"])


# Bytes


def refused_by_the_bus_or_the_daemon(caller, member, signature, body):
    """Some buses look into messages and disconnect who sends such; from others the daemon gets them."""
    try:
        error = error_of(caller.call, member, signature, body=body)
    except ConnectionResetError:
        return
    assert error.name in (INVALID_ARGS, f"{ERRORS}.InvalidConfig")


def config(**more):
    return wire.marshal("a{sv}", [{"name": "node"} | more])


def text(value):
    return Variant("s", value)


INVALID_UTF8 = b"\xff\xfe"
NOT_UTF8 = {
    "name": {"name": text(INVALID_UTF8)},
    "overlong": {"interface": text(b"\xc0\xaf")},
    "surrogate": {"interface": text(b"\xed\xa0\x80")},
    "NUL inside": {"directory": text(b"a\0b")},
    "script": {"addl_base_scripts": Variant("as", [INVALID_UTF8])},
    "variable": {"env": Variant("a{ss}", {INVALID_UTF8: "x"})},
    "value of a variable": {"env": Variant("a{ss}", {"A": INVALID_UTF8})},
    "endpoint": {"cluster": Variant("a{sa{sv}}", {INVALID_UTF8: {"role": "NONE"}})},
    "host": {"cluster": Variant("a{sa{sv}}", {"node": {"role": "NONE", "host": text(INVALID_UTF8)}})},
}


@pytest.mark.parametrize("where", NOT_UTF8)
def test_text_that_is_not_utf_8_is_refused(caller, where):
    refused_by_the_bus_or_the_daemon(caller, "Create", "a{sv}", config(**NOT_UTF8[where]))


def test_a_key_that_is_not_utf_8_is_refused(caller):
    body = wire.marshal("a{sv}", [[("name", "node"), (INVALID_UTF8, 1)]])
    refused_by_the_bus_or_the_daemon(caller, "Create", "a{sv}", body)


BYTE_OF_7 = b"\x01y\0\x07"
BROKEN = {
    "nothing": b"",
    "array without elements": b"\x08\0\0\0",
    "array beyond all bounds": b"\xff\xff\xff\xff" + bytes(4),
    "cut in the middle": config(interface="lo")[:-5],
    "one byte too many": config() + b"\0",
    "many bytes too many": config() + b"\xff" * 1000,
    "string without an end": b"\x10\0\0\0\0\0\0\0\x40\0\0\0name\0\0\0\0",
    "padding that is not zero": b"\x08\0\0\0\x01\x01\x01\x01" + config()[8:],
    "boolean of 2": config(bare_mode=Variant("b", 2)),
    "variant of two values": config(nice=Variant("y", 7)).replace(BYTE_OF_7, b"\x02yy\0"),
    "variant without a type": config(nice=Variant("y", 7)).replace(BYTE_OF_7, b"\x00\0\x07\0"),
    "variant of an unknown type": config(nice=Variant("y", 7)).replace(BYTE_OF_7, b"\x01z\0\x07"),
    "variant of an open bracket": config(nice=Variant("y", 7)).replace(BYTE_OF_7, b"\x01(\0\x07"),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("member, signature", [("Create", "a{sv}"), ("Destroy", "s"), ("Status", "s")])
def test_a_broken_message_is_refused(caller, how, member, signature):
    refused_by_the_bus_or_the_daemon(caller, member, signature, BROKEN[how])


def test_variants_in_variants_are_refused_however_deep(caller):
    def nest(depth):
        value = Variant("s", "lo")
        for _ in range(depth):
            value = Variant("v", value)
        return config(interface=value)

    error = error_of(caller.call, "Create", "a{sv}", body=nest(1))
    assert error.message.startswith("interface: must have the D-Bus type 's'")
    refused_by_the_bus_or_the_daemon(caller, "Create", "a{sv}", nest(200))


# Signatures, objects, interfaces


WRONG = ["", "s", "as", "a{ss}", "a{sv}s", "sa{sv}", "v", "a{sa{sv}}", "i", "b", "ss", "(s)"]
METHODS = {"Create": "a{sv}", "Destroy": "s", "Restart": "s", "Status": "s", "Reload": "", "Node": "", "IsSupervised": ""}
VALUES = {"s": "node", "as": [], "a{ss}": {}, "a{sv}": {}, "v": "x", "a{sa{sv}}": {}, "i": 1, "b": 1, "(s)": ["x"]}


@pytest.mark.parametrize("member", METHODS)
def test_a_wrong_signature_is_refused(bus, member):
    for signature in WRONG:
        if signature == METHODS[member]:
            continue
        values = [VALUES[kind] for kind in wire.split(signature)]
        error = error_of(bus.call, member, signature, *values)
        assert error.name == INVALID_ARGS, (member, signature, error)


UNKNOWN = {
    "method": (dict(member="NoSuchMethod"), "UnknownMethod"),
    "method in another case": (dict(member="create"), "UnknownMethod"),
    "interface": (dict(member="Status", interface="org.zeek.NoSuch"), "Unknown(Interface|Method)"),
    "object": (dict(member="Status", path="/org/zeek"), "Unknown(Object|Method)"),
    "object far below": (dict(member="Status", path="/org/zeek/Supervisor" + "/x" * 500), "UnknownObject"),
    "node": (dict(member="Destroy", path=node_path("none"), interface=NODE), "UnknownObject"),
    "node without a name": (dict(member="Destroy", path=node_path("") + "_", interface=NODE), "UnknownObject"),
    "node with a bad escape": (dict(member="Destroy", path=node_path("x") + "_zz", interface=NODE), "UnknownObject"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_unknown_is_said_to_be(bus, what):
    call, expected = UNKNOWN[what]
    error = error_of(bus.call, **call)
    assert re.fullmatch(rf"org\.freedesktop\.DBus\.Error\.{expected}", error.name), error


def test_properties_cannot_be_set(bus):
    for name, value in ("Version", "9"), ("NNodes", Variant("u", 9)), ("NoSuch", 1):
        arguments = ("org.zeek.Supervisor", name, value)
        error = error_of(bus.call, "Set", "ssv", *arguments, interface=PROPERTIES)
        assert error.name.startswith("org.freedesktop.DBus.Error.")


@pytest.mark.parametrize("member", ["Destroy", "Restart"])
@pytest.mark.parametrize("name", ["none", "-", "../x", "a\nb", "x" * 65, "x" * (1 << 20)], ids=lambda name: repr(name[:5]))
def test_a_name_that_no_node_can_have_is_that_of_no_node(bus, member, name):
    assert error_of(bus.call, member, "s", name).name == f"{ERRORS}.NoSuchNode"
    assert bus.call("Status", "s", name) == {}


# File descriptors


@pytest.mark.parametrize("call", [
    ("Status", "s", ""), ("Create", "a{sv}", {"name": "node"}), ("Create", "a{sv}", {"name": Variant("h", 0)}), ("Reload", "h", 0),
], ids=lambda call: f"{call[0]} {call[1]}")
def test_the_bus_hands_us_no_descriptors(caller, call):
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        assert error_of(caller.call, *call, fds=[null] * 8).name.startswith("org.freedesktop.DBus.Error.")
    finally:
        os.close(null)


# Callers that want no answer, or do not wait for it


def test_a_caller_who_wants_no_reply_is_served(machine, bus):
    with machine.signals() as signals:
        bus.send("Create", "a{sv}", good("quiet"), flags=wire.NO_REPLY_EXPECTED)
        _, pid = signals.wait_for("NodeStatus", "quiet").arguments
        assert bus.call("Status", "s", "quiet")["quiet"]["pid"] == pid
        bus.send("Restart", "s", "quiet", flags=wire.NO_REPLY_EXPECTED)
        machine.wait_for(lambda: len(signals.named("NodeStatus")) == 2)
        bus.send("Destroy", "", path=node_path("quiet"), interface=NODE, flags=wire.NO_REPLY_EXPECTED)
        signals.wait_for("InterfacesRemoved", node_path("quiet"))


def test_bad_calls_without_a_reply_get_none(bus):
    for config in {}, {"name": "-"}, {"name": "node", "directory": "/proc/node"}:
        bus.send("Create", "a{sv}", config, flags=wire.NO_REPLY_EXPECTED)
    bus.send("Destroy", "s", "none", flags=wire.NO_REPLY_EXPECTED)
    assert bus.call("Destroy", "s", "") is True
    assert bus.replies == {}


def test_a_caller_who_leaves_at_once_leaves_no_half_of_a_node(machine, bus):
    for i in range(30):
        with RawBus(machine.lab) as caller:
            caller.send("Create", "a{sv}", good(f"left-{i}"))
    bus.create(good("last"))
    nodes = bus.call("Status", "s", "")
    assert {node["state"] for node in nodes.values()} <= {"starting", "running"}
    assert bus.call("Destroy", "s", "") is True


def test_a_caller_who_leaves_while_a_node_stops_does_not_stop_that(machine, bus):
    create_stubborn(machine, bus, "slow", 300_000)
    with machine.signals() as signals:
        with RawBus(machine.lab) as caller:
            caller.send("Destroy", "s", "slow")
            machine.wait_for(lambda: bus.call("Status", "s", "slow")["slow"]["state"] == "stopping")
        signals.wait_for("InterfacesRemoved", node_path("slow"))


# Floods


def outcomes(caller, serials):
    """How many calls had which end."""
    counts = {}
    for serial in serials:
        try:
            caller.reply(serial)
            name = "done"
        except BusError as error:
            name = error.name.rpartition(".")[2]
        counts[name] = counts.get(name, 0) + 1
    return counts


def test_thousands_of_calls_of_one_caller_are_all_answered(bus, caller):
    serials = [caller.send("Destroy", "s", f"none-{i}") for i in range(6000)]
    assert bus.call("Status", "s", "") == {}  # somebody else has to wait for a while, not for ever
    counts = outcomes(caller, serials)
    assert counts.keys() <= {"NoSuchNode", "LimitsExceeded"}
    assert sum(counts.values()) == 6000 and counts["NoSuchNode"] >= 2000


def test_thousands_of_good_and_bad_nodes_at_once(bus, caller):
    configs = [{"name": "-"}, good("many"), {"name": "many", "interface": "x" * 300}] * 500
    serials = [caller.send("Create", "a{sv}", config) for config in configs]
    counts = outcomes(caller, serials)
    assert counts == {"InvalidConfig": 1000, "done": 1, "NodeExists": 499}
    assert bus.call("Destroy", "s", "many") is True


def test_a_caller_who_does_not_read_holds_up_nobody(bus, caller):
    bus.create(good("node", "say=" + "x" * 30_000))
    caller.socket.settimeout(5)
    with contextlib.suppress(TimeoutError, ConnectionError):
        for _ in range(4000):
            caller.send("Status", "s", "")
    assert bus.call("Status", "s", "node")["node"]["state"] == "running"
    caller.close()
    assert bus.call("Destroy", "s", "node") is True


def test_thousands_of_reloads_are_one_or_two(bus, caller):
    assert outcomes(caller, [caller.send("Reload") for _ in range(2000)]) == {"done": 2000}
