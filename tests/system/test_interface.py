# SPDX-License-Identifier: BSD-3-Clause
"""The interface XML under dbus/ and what the daemon really exports are the same, and every member is explained."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bus import node_path

DOCUMENTS = Path(__file__).parents[2] / "dbus"
CHANGES = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def members(interface):
    """All of an interface that a client can rely on, in a form that compares."""
    found = {}
    for member in interface:
        if member.tag == "annotation":
            continue
        arguments = [(a.get("name"), a.get("type"), a.get("direction", "out")) for a in member.iter("arg")]
        annotations = {a.get("name"): a.get("value") for a in member.iter("annotation")}
        found[member.tag, member.get("name")] = (
            arguments,
            member.get("type"),
            member.get("access"),
            annotations.get(CHANGES, "true") if member.tag == "property" else None,
        )
    return found


def documented(name):
    tree = ElementTree.parse(DOCUMENTS / f"{name}.xml")
    return members(tree.find(f"interface[@name='{name}']"))


def exported(machine, path, name):
    xml = machine.bus.call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable")
    return members(ElementTree.fromstring(xml).find(f"interface[@name='{name}']"))


def test_the_manager_exports_what_is_documented(machine):
    name = "org.zeek.Supervisor"
    assert exported(machine, "/org/zeek/Supervisor", name) == documented(name)


def test_a_node_exports_what_is_documented(machine):
    name = "org.zeek.Supervisor.Node"
    machine.create("worker", env={"ZEEK_STANDIN": "stay"})
    assert exported(machine, node_path("worker"), name) == documented(name)
    machine.call("Destroy", "s", "worker")


@pytest.mark.parametrize("name", ["org.zeek.Supervisor", "org.zeek.Supervisor.Node", "org.zeek.Stem"])
def test_every_member_is_explained(name):
    text = (DOCUMENTS / f"{name}.xml").read_text()
    plain = {"Name", "StateSinceUSec", "LinesSuppressed", "LinesDropped", "LinesForwarded", "Version", "PID"}
    for kind, member in re.findall(r'<(method|signal|property) name="(\w+)"', text):
        assert member in plain or re.search(rf"<!--\s*{member}\b", text), f"{kind} {member} of {name}"


def test_the_object_manager_shows_all_nodes(machine):
    machine.create("a.b-c", env={"ZEEK_STANDIN": "stay"})
    objects = machine.bus.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")
    properties = objects[node_path("a.b-c")]["org.zeek.Supervisor.Node"]
    assert properties["Name"] == "a.b-c" and properties["State"] == "running"
    assert properties["Scope"] == r"zeek-node-a.b\x2dc.scope"
    machine.call("Destroy", "s", "")
    assert machine.bus.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager") == {}


def test_the_manager_tells_about_itself(machine):
    properties = machine.bus.get_all()
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["Version"])
    assert properties["NNodes"] == properties["NHooks"] == 0
    assert str(properties["StemPID"]) == machine.show("zeek-stem.service")["MainPID"]
    assert properties["ZeekBinary"] == "/opt/zeek/bin/zeek" and properties["ZeekVersion"] == "7.0.11"
    assert properties["Features"] == ["polkit"]


def test_units_are_what_systemd_expects(machine):
    units = "zeek-supervisor.service zeek-stem.service zeek-stem.socket zeek.slice zeek-workers.slice"
    lines = machine.run(f"systemd-analyze verify --man=no {units} 2>&1").stdout.splitlines()
    # which systemd knows from 254 on
    assert [line for line in lines if "FileDescriptorStorePreserve" not in line] == []


def test_the_supervisor_is_confined(machine):
    if machine.lab.sanitizers:
        pytest.skip("sanitizers cannot live in the sandbox, so the lab opens it")
    output = machine.run("systemd-analyze security --no-pager zeek-supervisor.service").stdout
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", output)[1]) < 1.5
