# SPDX-License-Identifier: BSD-3-Clause
"""How the daemons start and end: by a call on either bus implementation, by hand, and not twice."""

import pytest
from machine import Machine
from nodes import STAY

UNITS = "zeek-supervisor.service zeek-stem.service zeek-stem.socket"
GET_NUMBER = "busctl get-property org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor NNodes"


def states(machine):
    return [machine.show(unit)["ActiveState"] for unit in UNITS.split()]


@pytest.mark.parametrize("bus", ["broker", "daemon"])
def test_the_first_call_starts_all(lab_with, bus):
    machine = Machine(lab_with(bus=bus))
    assert states(machine)[:2] == ["inactive"] * 2
    assert machine.run(GET_NUMBER).stdout == "u 0\n"
    assert states(machine) == ["active"] * 3
    assert machine.create("node", env=STAY) == ""
    machine.run(f"systemctl stop {UNITS}")
    assert machine.problems() == []


def test_start_means_that_it_can_be_called(machine):
    machine.run("systemctl stop zeek-supervisor; systemctl start zeek-supervisor")
    assert machine.run("busctl list --no-pager | grep -c '^org.zeek.Supervisor .* [0-9]'").stdout == "1\n"


def test_stop_leaves_nothing_behind(machine):
    machine.create("node", env=STAY)
    machine.run(f"systemctl stop {UNITS}")
    assert states(machine) == ["inactive"] * 3
    assert machine.scopes() == []
    assert machine.run("find /run/zeek-supervisor /run/zeek-stem -type f -o -type s", check=False).stdout == ""
    assert machine.run("pgrep -u zeek", check=False).stdout == ""


def test_a_masked_service_is_a_clear_error(machine):
    machine.run("systemctl stop zeek-supervisor; systemctl mask --runtime zeek-supervisor")
    try:
        result = machine.run(GET_NUMBER, check=False)
        assert result.returncode != 0 and "masked" in result.stderr
    finally:
        machine.run("systemctl unmask --runtime zeek-supervisor")
    assert machine.run(GET_NUMBER).stdout == "u 0\n"


def test_there_is_one_supervisor(machine):
    """A second one says what is wrong, and the first one and its nodes do not notice."""
    machine.create("node", env=STAY)
    before = machine.show("zeek-supervisor.service")["MainPID"], machine.node("node")["PID"]
    result = machine.run("/usr/lib/zeek-supervisor/zeek-supervisord", check=False)
    assert result.returncode != 0
    assert "another supervisor" in result.stderr + result.stdout
    assert (machine.show("zeek-supervisor.service")["MainPID"], machine.node("node")["PID"]) == before
    assert machine.call("Restart", "s", "node") is True
    machine.call("Destroy", "s", "node")
