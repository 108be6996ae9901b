# SPDX-License-Identifier: BSD-3-Clause
"""`systemctl stop` of a node's scope: the node ends our way and stays down, whoever of us was restarted before.

systemd asks the scope's controller, which is the supervisor's connection to the bus. When that is gone it forgets whom to
ask, and signals the processes itself; then it is the stem that sees why the scope ends.
"""

import re

import pytest
from faults import BUS, STEM, SUPERVISOR
from nodes import CLD_EXITED, CLD_KILLED, STAY, Story, create_ready, is_alive, of_role, play, scope

pytestmark = pytest.mark.usefixtures("tidy_nodes")

DOWN = "stopped"


def prepare(lab):
    lab.drop_in("zeek-stem.socket", "[Unit]\nStartLimitIntervalSec=0\n[Socket]\nTriggerLimitIntervalSec=0\n")
    for bus in "dbus.service", "dbus-broker.service":
        lab.drop_in(bus, "[Unit]\nStartLimitIntervalSec=0\n")
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/stop.conf", "[Node]\nRestartDelaySec=20ms\n")


@pytest.fixture
def tidy_nodes(machine):
    yield
    machine.call("Destroy", "s", "")
    assert machine.status() == {} and machine.scopes() == []


def restart(*units):
    return lambda machine: machine.run(["systemctl", "restart", *units])


def kill(*units):
    def fault(machine):
        for unit in units:
            machine.expect(f"{unit}: Failed with result 'signal'")
            before = machine.main_pid(unit)
            machine.run(["kill", "-KILL", str(before)])
            machine.wait_for(lambda: machine.main_pid(unit) not in (0, before))
        machine.run(["systemctl", "start", *units])  # returns when they are ready again

    return fault


def terminations(machine, pid):
    """How often a process of the stand-in was sent SIGTERM."""
    lines = machine.journal(f"ZEEK_NODE_PID={pid}", "ZEEK_STREAM=stderr")
    return sum("termination signal" in entry["MESSAGE"] for entry in lines)


BEFORE = {
    "nothing": lambda machine: None,
    "supervisor-restarted": restart(SUPERVISOR),
    "supervisor-killed": kill(SUPERVISOR),
    "stem-restarted": restart(STEM),
    "both-restarted": restart(SUPERVISOR, STEM),
    "both-killed": kill(STEM, SUPERVISOR),
    "supervisor-then-stem": lambda machine: (restart(SUPERVISOR)(machine), restart(STEM)(machine)),
    "bus-restarted": restart(BUS),
    "manager-reexecuted": lambda machine: machine.run("systemctl daemon-reexec"),
    "manager-reloaded": lambda machine: (restart(SUPERVISOR)(machine), machine.run("systemctl daemon-reload")),
}


@pytest.mark.parametrize("before", BEFORE)
def test_a_stopped_scope_keeps_its_node_down_until_it_is_restarted(machine, before):
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    BEFORE[before](machine)
    machine.wait_for(lambda: machine.call("Status", "s", "node"))

    with machine.signals() as signals:
        machine.run(["systemctl", "stop", scope("node")])
        node = machine.wait_for(lambda: (n := machine.status("node")["node"])["state"] == DOWN and n)
        assert (node["pid"], node["restarts"], node["exit_code"], node["exit_status"]) == (pid, 0, CLD_EXITED, 0)
        assert machine.scopes() == [] and not is_alive(machine, pid)
        assert terminations(machine, pid) == 1

        assert machine.call("Restart", "s", "node") is True
        assert machine.status("node")["node"]["state"] == "running"
        signals.wait_for("NodeStatus", "node")
    assert len(signals.named("NodeStatus")) == 1


@pytest.fixture
def uncontrolled(machine):
    """Creates a node whose scope has no controller any more, and returns its process."""

    def create(name="node", **config):
        create_ready(machine, name, **config)
        restart(SUPERVISOR)(machine)
        assert machine.show(scope(name)).get("Controller", "") == ""
        return machine.node(name)["PID"]

    return create


def test_while_it_ends_it_is_stopping(machine, uncontrolled):
    uncontrolled(env=play("slow-term=20000", "stay"))
    with Story(machine) as story, machine.popen(["systemctl", "stop", scope("node")]) as stop:
        story.wait("node", State="stopping")
        assert machine.status("node")["node"]["state"] == "stopping" and stop.poll() is None
        machine.run(["kill", "-KILL", str(machine.node("node")["PID"])])
        story.wait("node", State=DOWN)
        assert stop.wait() == 0


def test_who_does_not_end_is_killed_after_its_own_timeout(machine, uncontrolled):
    uncontrolled(stop_timeout_usec=300_000, env=play("ignore-term", "children=1", "children-ignore-term", "stay"))
    machine.run(["systemctl", "stop", scope("node")], timeout=20)
    node = machine.wait_for(lambda: (n := machine.status("node")["node"])["state"] == DOWN and n)
    assert (node["exit_code"], node["exit_status"]) == (CLD_KILLED, 9)


def test_a_destroy_waits_for_the_stop_and_takes_the_node_away(machine, uncontrolled):
    pid = uncontrolled(env=play("slow-term=300", "stay"))
    with Story(machine) as story, machine.popen(["systemctl", "stop", scope("node")]) as stop:
        story.wait("node", State="stopping")
        assert machine.call("Destroy", "s", "node") is True
        assert stop.wait() == 0
    assert machine.status("node") == {} and terminations(machine, pid) == 1


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_a_signal_to_a_scope_is_a_crash_like_any_other(machine, uncontrolled, signal):
    uncontrolled(env=STAY)
    with Story(machine) as story:
        machine.run(["systemctl", "kill", f"--signal={signal}", scope("node")])
        story.wait("node", State="running", NRestarts=1)


def test_a_job_that_stops_nothing_is_no_stop(machine, uncontrolled):
    """`systemctl start` of what runs already is a job too."""
    uncontrolled(env=STAY)
    with Story(machine) as story:
        machine.run(["systemctl", "start", scope("node")])
        machine.run(["kill", "-KILL", str(machine.node("node")["PID"])])
        story.wait("node", State="running", NRestarts=1)


def test_all_nodes_of_a_role_are_stopped_with_their_slice(machine, uncontrolled):
    names = [f"worker-{n}" for n in range(5)]
    for name in names:
        create_ready(machine, name, **of_role("WORKER", name), env=STAY)
    uncontrolled("other", env=STAY)
    machine.run(["systemctl", "stop", "zeek-workers.slice"])
    machine.wait_for(lambda: all(machine.status(name)[name]["state"] == DOWN for name in names))
    assert machine.status("other")["other"]["state"] == "running"
    assert machine.call("Restart", "s", "") is True
    assert {node["state"] for node in machine.status().values()} == {"running"}


def test_a_stop_while_no_supervisor_is_there_is_known_to_the_next_one(machine, uncontrolled):
    pid = uncontrolled(env=STAY)
    machine.expect(f"{SUPERVISOR}: Failed with result 'signal'")
    machine.lab.drop_in(SUPERVISOR, "[Service]\nRestartSec=1h\n", name="later")
    machine.run("systemctl daemon-reload")
    try:
        machine.run(["kill", "-KILL", str(machine.main_pid(SUPERVISOR))])
        machine.wait_for(lambda: machine.main_pid(SUPERVISOR) == 0)
        machine.run(["systemctl", "stop", scope("node")])
        assert not is_alive(machine, pid) or machine.lab.path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    finally:
        machine.run(f"rm /etc/systemd/system/{SUPERVISOR}.d/later.conf; systemctl daemon-reload")
    machine.run(["systemctl", "restart", SUPERVISOR])
    node = machine.wait_for(lambda: (n := machine.status("node")["node"])["state"] == DOWN and n)
    assert (node["pid"], node["exit_code"], node["exit_status"]) == (pid, CLD_EXITED, 0)


PRETEND = """
import dbus, dbus.lowlevel, sys, time
bus = dbus.SystemBus()
signal = dbus.lowlevel.SignalMessage(sys.argv[1], "org.freedesktop.systemd1.Scope", "RequestStop")
signal.set_destination("org.zeek.Supervisor")
bus.send_message(signal)
bus.flush()
time.sleep(60)
"""


def test_nobody_but_the_service_manager_can_ask_for_a_stop(machine):
    """Anybody may send a signal that looks like its own."""
    create_ready(machine, "node", env=STAY)
    unit = "/org/freedesktop/systemd1/unit/" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):02x}", scope("node"))
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    pretender = machine.popen([*nobody, "/usr/bin/python3", "-c", PRETEND, unit])
    try:
        warned = machine.wait_for(lambda: [e for e in machine.journal("_SYSTEMD_UNIT=zeek-supervisor.service")
                                           if "pretends to be the service manager" in e["MESSAGE"]])
    finally:
        pretender.kill()
        pretender.wait()
    assert "uid 65534" in warned[0]["MESSAGE"]
    assert machine.node("node")["State"] == "running"
