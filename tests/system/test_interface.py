# SPDX-License-Identifier: BSD-3-Clause
"""The interface XML under dbus/ and what the daemon really exports are the same, and every member is explained."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from bus import MANAGER_PATH, NODE, BusError, node_path
from nodes import STAY

pytestmark = pytest.mark.usefixtures("tidy")

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
DOCUMENTS = Path(__file__).parents[2] / "dbus"
CHANGES = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def members(interface):
    """All of an interface that a client can rely on, in a form that compares."""
    found = {}
    for member in interface:
        if member.tag == "annotation":
            continue
        arguments = [(a.get("name"), a.get("type"), a.get("direction", "out")) for a in member.iter("arg")]
        annotations = {CHANGES: "true"} if member.tag == "property" else {}
        annotations |= {a.get("name"): a.get("value") for a in member.iter("annotation")}
        found[member.tag, member.get("name")] = (arguments, member.get("type"), member.get("access"), annotations)
    return found


def documented(name):
    tree = ElementTree.parse(DOCUMENTS / f"{name}.xml")
    return members(tree.find(f"interface[@name='{name}']"))


def introspect(machine, path):
    return ElementTree.fromstring(machine.call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable"))


def exported(machine, path, name):
    return members(introspect(machine, path).find(f"interface[@name='{name}']"))


def test_the_manager_exports_what_is_documented(machine):
    name = "org.zeek.Supervisor"
    assert exported(machine, "/org/zeek/Supervisor", name) == documented(name)


def test_a_node_exports_what_is_documented(machine):
    name = "org.zeek.Supervisor.Node"
    machine.create("worker", env=STAY)
    assert exported(machine, node_path("worker"), name) == documented(name)


STANDARD = {f"org.freedesktop.DBus.{name}" for name in ("Peer", "Introspectable", "Properties")}


def test_every_object_has_the_standard_interfaces(machine):
    machine.create("worker", env=STAY)
    assert interfaces(machine, MANAGER_PATH) == STANDARD | {"org.freedesktop.DBus.ObjectManager", "org.zeek.Supervisor"}
    assert interfaces(machine, node_path("worker")) == STANDARD | {"org.zeek.Supervisor.Node"}


def interfaces(machine, path):
    return {interface.get("name") for interface in introspect(machine, path).findall("interface")}


def test_the_nodes_are_found_by_introspection(machine):
    for name in "a.b-c", "9", "node":
        machine.create(name, env=STAY)
    assert children(machine, MANAGER_PATH) == {"node"}
    assert children(machine, f"{MANAGER_PATH}/node") == {"a_2eb_2dc", "_39", "node"}
    assert all(node_path(name) in machine.run("busctl tree --list org.zeek.Supervisor").stdout for name in ("a.b-c", "9"))


def children(machine, path):
    return {node.get("name") for node in introspect(machine, path).findall("node")}


# The documents


@pytest.mark.parametrize("name", ["org.zeek.Supervisor", "org.zeek.Supervisor.Node", "org.zeek.Stem"])
def test_every_member_is_explained(name):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    interface = ElementTree.parse(DOCUMENTS / f"{name}.xml", parser).find(f".//interface[@name='{name}']")
    for before, element in zip([None, *interface], interface):
        if element.tag in ("method", "signal", "property"):
            explained = before is not None and before.tag is ElementTree.Comment
            member = element.get("name")
            assert explained and before.text.strip().startswith(f"{member}:"), f"{element.tag} {member} of {name}"


def test_every_error_is_explained():
    names = (DOCUMENTS.parent / "src" / "wire" / "names.h").read_text()
    errors = set(re.findall(r'"(org\.zeek\.Supervisor\.Error\.\w+)"', names))
    text = (DOCUMENTS / "org.zeek.Supervisor.xml").read_text()
    assert errors == set(re.findall(r"org\.zeek\.Supervisor\.Error\.\w+", text)) and len(errors) >= 6


# What it says of itself


def test_the_object_manager_shows_all_nodes(machine):
    machine.create("a.b-c", env=STAY)
    objects = machine.bus.call("GetManagedObjects", interface=OBJECT_MANAGER)
    properties = objects[node_path("a.b-c")]["org.zeek.Supervisor.Node"]
    assert properties["Name"] == "a.b-c" and properties["State"] == "running"
    assert properties["Scope"] == r"zeek-node-a.b\x2dc.scope"
    machine.call("Destroy", "s", "")
    assert machine.bus.call("GetManagedObjects", interface=OBJECT_MANAGER) == {}


def test_the_manager_tells_about_itself(machine):
    properties = machine.bus.get_all()
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["Version"])
    assert properties["NNodes"] == properties["NHooks"] == 0
    assert str(properties["StemPID"]) == machine.show("zeek-stem.service")["MainPID"]
    assert properties["ZeekBinary"] == "/opt/zeek/bin/zeek" and properties["ZeekVersion"] == "7.0.11"
    assert properties["Features"] == ["polkit"]


def test_properties_cannot_be_written(machine):
    machine.create("worker", env=STAY)
    for path, interface, name in [(MANAGER_PATH, "org.zeek.Supervisor", "NNodes"), (node_path("worker"), NODE, "State")]:
        with pytest.raises(BusError, match="PropertyReadOnly"):
            machine.call("Set", "ssv", interface, name, "x", path=path, interface="org.freedesktop.DBus.Properties")


@pytest.mark.parametrize("member, signature, values", [
    ("Create", "s", ["node"]),
    ("Create", "a{ss}", [{"name": "node"}]),
    ("Destroy", "", []),
    ("Restart", "ss", ["a", "b"]),
    ("Status", "as", [["a"]]),
    ("Reload", "s", [""]),
    ("Node", "u", [1]),
])
def test_other_arguments_are_refused_as_sd_bus_does_it(machine, member, signature, values):
    with pytest.raises(BusError) as error:
        machine.call(member, signature, *values)
    assert error.value.name == "org.freedesktop.DBus.Error.InvalidArgs"


def test_units_are_what_systemd_expects(machine):
    units = "zeek-supervisor.service zeek-stem.service zeek-stem.socket zeek.slice zeek-workers.slice"
    lines = machine.run(f"systemd-analyze verify --man=yes {units} 2>&1").stdout.splitlines()
    # which systemd knows from 254 on
    assert [line for line in lines if "FileDescriptorStorePreserve" not in line] == []
