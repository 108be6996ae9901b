# SPDX-License-Identifier: BSD-3-Clause
"""Limits of roles: the slices are there, and the examples for them are what systemd takes."""

from pathlib import Path

import pytest
from nodes import STAY, of_role, scope

pytestmark = pytest.mark.usefixtures("tidy")

EXAMPLES = Path(__file__).parents[2] / "examples"
DROP_INS = sorted(EXAMPLES.glob("*.slice.d/*.conf"))
SLICES = {
    "LOGGER": "zeek-loggers.slice",
    "MANAGER": "zeek-managers.slice",
    "PROXY": "zeek-proxies.slice",
    "WORKER": "zeek-workers.slice",
}


@pytest.fixture
def drop_ins(machine):
    """The examples, where they say that they are to be copied to."""
    copies = {machine.lab.path(f"/etc/systemd/system/{file.relative_to(EXAMPLES)}"): file for file in DROP_INS}
    for copy, file in copies.items():
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text())
    machine.run("systemctl daemon-reload")
    yield
    for copy in copies:
        copy.unlink()
        copy.parent.rmdir() if not any(copy.parent.iterdir()) else None
    machine.run("systemctl daemon-reload")


@pytest.mark.parametrize("role", SLICES)
def test_the_slice_of_a_role_holds_its_nodes_and_is_in_that_of_all(machine, role):
    machine.create("node", **of_role(role, "node"), env=STAY)
    assert machine.show(scope("node"))["Slice"] == SLICES[role]
    assert machine.show(SLICES[role])["Slice"] == "zeek.slice"
    assert machine.show(scope("node"))["ControlGroup"] == f"/zeek.slice/{SLICES[role]}/{scope('node')}"


def test_all_of_a_small_cluster_lie_there_and_what_is_more_than_64_below(machine):
    names = [f"worker-{n}" for n in range(65)]
    for name in names:
        machine.create(name, **of_role("WORKER", name), env=STAY)
    shown = {name: machine.show(scope(name)) for name in names}
    assert {shown[name]["Slice"] for name in names[:64]} == {"zeek-workers.slice"}
    assert shown[names[64]]["ControlGroup"] == f"/zeek.slice/zeek-workers.slice/zeek-workers-1.slice/{scope(names[64])}"


def test_a_scope_says_when_memory_ran_out(machine):
    machine.create("node", env=STAY)
    shown = machine.show(scope("node"))
    assert (shown["OOMPolicy"], shown["MemorySwapMax"]) == ("kill", "0")


def test_the_examples_are_good_units(machine, drop_ins):
    result = machine.run(["systemd-analyze", "verify", "--man=no", "zeek.slice", *SLICES.values()])
    assert (result.stdout, result.stderr) == ("", "")


def test_the_examples_limit_roles_that_run(machine, drop_ins):
    for role, name in ("WORKER", "worker"), ("LOGGER", "logger"):
        machine.create(name, **of_role(role, name), env=STAY)
    workers, loggers = (machine.show(unit) for unit in (SLICES["WORKER"], SLICES["LOGGER"]))
    total = int(machine.lab.path("/proc/meminfo").read_text().split()[1]) * 1024
    assert abs(int(workers["MemoryMax"]) - total * 3 // 4) < 2**20 and workers["MemorySwapMax"] == "0"
    assert (workers["AllowedCPUs"], workers["AllowedMemoryNodes"]) == ("1-15 17-31", "0-1")
    assert (loggers["AllowedCPUs"], loggers["AllowedMemoryNodes"]) == ("0 16", "0")


def test_the_example_for_two_numa_nodes_is_a_good_cluster(machine):
    machine.lab.write("/etc/zeek-supervisor/node.cfg", (EXAMPLES / "numa.node.cfg").read_text())
    try:
        machine.run(["/usr/lib/zeek-supervisor/zeek-supervisord", "--check-config"])
    finally:
        machine.run("rm /etc/zeek-supervisor/node.cfg")
