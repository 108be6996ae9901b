# SPDX-License-Identifier: BSD-3-Clause
"""The bus is restarted, crashes, hangs or is away: nodes run on, the supervisor stays and is back with the bus."""

import contextlib
import signal

import pytest
from bus import BusError
from faults import STEM, SUPERVISOR, frozen, processes, send, service_manager_frozen
from nodes import CLD_KILLED, STAY, create_ready, play, scope
from raw_bus import RawBus

pytestmark = pytest.mark.usefixtures("tidy_nodes")
undisturbed = pytest.mark.usefixtures("undisturbed")

UNITS = ["dbus.service", "dbus-broker.service"]


def prepare(lab):
    for unit in UNITS:
        lab.drop_in(unit, "[Unit]\nStartLimitIntervalSec=0\n")
    lab.drop_in("dbus.socket", "[Unit]\nStartLimitIntervalSec=0\n[Socket]\nTriggerLimitIntervalSec=0\n")
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/bus.conf", "[Node]\nRestartDelaySec=20ms\n")


@pytest.fixture
def tidy_nodes(machine):
    yield
    wait_for_api(machine)
    machine.call("Destroy", "s", "")
    assert machine.status() == {} and machine.scopes() == []


@pytest.fixture(name="undisturbed")
def no_daemon_ends(machine, tidy_nodes):
    before = daemons(machine)
    yield
    assert daemons(machine) == before


def daemons(machine):
    wait_for_api(machine)
    return [machine.main_pid(unit) for unit in (SUPERVISOR, STEM)]


def unit_of_bus(machine):
    return next(unit for unit in UNITS if machine.show(unit)["Id"] == unit and machine.show(unit)["MainPID"] != "0")


def answers(machine):
    try:
        return machine.call("IsSupervisor", timeout=5) is False
    except (BusError, RuntimeError):
        return False


def wait_for_api(machine):
    machine.wait_for(lambda: answers(machine), 20, "the supervisor to answer")


def restart(machine):
    machine.run(["systemctl", "restart", unit_of_bus(machine)])


def crash(machine):
    unit = unit_of_bus(machine)
    before = machine.main_pid(unit)
    machine.run(["kill", "-KILL", str(before)])
    machine.wait_for(lambda: machine.main_pid(unit) not in (0, before))


def stop_and_start(machine):
    with no_bus(machine):
        pass


@contextlib.contextmanager
def no_bus(machine):
    """Nobody even listens on its socket."""
    machine.run(["systemctl", "stop", "dbus.socket", unit_of_bus(machine)])
    try:
        yield
    finally:
        machine.run("systemctl start dbus.socket")


@undisturbed
@pytest.mark.parametrize("fault", [restart, crash, stop_and_start])
def test_the_supervisor_is_back_with_the_bus_and_nobody_else_noticed(machine, fault):
    machine.create("node", env=play("print=100", "stay"))
    before = machine.status("node")["node"]
    fault(machine)
    wait_for_api(machine)
    after = machine.status("node")["node"]
    same = ("pid", "state", "restarts", "started_usec", "since_usec")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert machine.output("node")[-100:] == [f"line {n}" for n in range(1, 101)]

    # all of it is there again: objects, signals, authorization, the way to systemd
    with machine.signals() as signals:
        assert machine.node("node")["PID"] == before["pid"]
        assert machine.create("other", env=STAY) == ""
        signals.wait_for("NodeStatus", "other")
        assert machine.call("Destroy", "s", "other") is True
        assert machine.bus.get("Version")
    with pytest.raises(BusError, match="AccessDenied"):
        machine.as_user("daemon").call("Destroy", "s", "node")
    assert machine.show(SUPERVISOR)["NRestarts"] == "0"


@undisturbed
def test_ten_restarts_in_a_row_are_ten_reconnections(machine):
    machine.create("node", env=STAY)
    pid = machine.node("node")["PID"]
    for _ in range(10):
        restart(machine)
    wait_for_api(machine)
    assert machine.node("node")["PID"] == pid


@undisturbed
def test_who_ends_while_there_is_no_bus_is_started_again_when_there_is_one(machine):
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    with no_bus(machine):
        machine.run(["kill", "-KILL", str(pid)])
        machine.wait_for(lambda: machine.scopes() == [])
    wait_for_api(machine)
    node = machine.wait_for(lambda: (n := machine.status("node")["node"])["state"] == "running" and n)
    assert (node["restarts"], node["exit_code"], node["exit_status"]) == (1, CLD_KILLED, 9)


@undisturbed
@undisturbed
def test_limits_that_the_service_manager_could_not_be_told_of_are_set_when_it_can(machine):
    """It does nothing while it is asked, and the bus dies with the question."""
    conf = "/etc/zeek-supervisor/supervisor.conf.d/limits.conf"
    machine.create("node", env=STAY)
    bus = processes(machine, f"system.slice/{unit_of_bus(machine)}")
    machine.lab.write(conf, "[Node]\nMemoryMax=77M\nTasksMax=9\n")
    with RawBus(machine.lab) as client, service_manager_frozen(machine):
        client.call("Reload")
        send(bus, signal.SIGKILL)
    machine.wait_for(lambda: machine.show(scope("node"))["MemoryMax"] == str(77 * 2**20), 20)
    wait_for_api(machine)
    machine.run(["rm", conf])
    machine.call("Reload")
    machine.wait_for(lambda: machine.show(scope("node"))["MemoryMax"] == "infinity")


def test_what_was_asked_for_is_done_although_nobody_can_be_told(machine):
    create_ready(machine, "old", env=play("slow-term=300", "stay"))
    with RawBus(machine.lab) as client:
        client.send("Destroy", "s", "old")
        machine.wait_for(lambda: machine.status("old")["old"]["state"] == "stopping")
        restart(machine)
        wait_for_api(machine)
    machine.wait_for(lambda: machine.status() == {} and machine.scopes() == [])


@undisturbed
def test_a_bus_that_hangs_holds_up_no_node(machine):
    create_ready(machine, "node", env=play("print=endless", "rate=100", "each-line"))
    pid = machine.node("node")["PID"]
    with frozen(machine, unit_of_bus(machine)):
        seen = len(machine.output("node"))
        machine.wait_for(lambda: len(machine.output("node")) > seen + 20)
    wait_for_api(machine)
    assert machine.node("node")["PID"] == pid


def test_a_supervisor_that_finds_no_bus_looks_after_its_nodes(machine):
    create_ready(machine, "node", env=play("print=endless", "rate=100", "each-line"))
    pid = machine.node("node")["PID"]
    before = machine.main_pid(SUPERVISOR)
    with no_bus(machine):
        machine.run(["systemctl", "restart", SUPERVISOR])  # returns: the old one ended, the new one counts as started
        assert machine.main_pid(SUPERVISOR) not in (0, before)
        assert machine.show(SUPERVISOR)["StatusText"] == "Waiting for the bus"
        seen = len(machine.output("node"))
        machine.wait_for(lambda: len(machine.output("node")) > seen + 20)
    wait_for_api(machine)
    machine.wait_for(lambda: machine.show(SUPERVISOR)["StatusText"] == "Ready")
    assert machine.node("node")["PID"] == pid
