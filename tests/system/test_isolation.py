# SPDX-License-Identifier: BSD-3-Clause
"""One node cannot hurt another: while some are as bad as nodes can be, others live as if they were alone."""

import pytest
from bases import HOST
from nodes import create_ready, of_role, play, tree

NEVER = 2**64 - 1


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf",
        "[Logger]\nRestartDelaySec=1ms\nRestartDelayMaxSec=1ms\n",
    )


@pytest.fixture
def bad_company(machine):
    """A node that floods, one that ends at once, one that will not end, and one whose children hold on to its pipes."""
    machine.create("flood", env=play("both=endless", "bytes=200"))
    machine.create("crash", **of_role("LOGGER", "crash"), env=play("early", "say=again", "exit=1"))
    create_ready(machine, "stubborn", stop_timeout_usec=NEVER, env=play("ignore-term", "stay"))
    destroy = machine.bus.start_call("Destroy", "s", "stubborn")
    holding = play("children=2", "children-ignore-term", "children-keep-pipes", "stay")
    create_ready(machine, "holding", stop_timeout_usec=NEVER, env=holding)
    restart = machine.bus.start_call("Restart", "s", "holding")
    yield
    assert not destroy.done()
    machine.run(["kill", "-KILL", *map(str, tree(machine, "stubborn"))])
    assert destroy.result() is True
    assert restart.result() is True
    machine.call("Destroy", "s", "", timeout=120)
    assert machine.status() == {}


def test_others_come_and_go_and_are_heard(machine, bad_company):
    for round in range(10):
        create_ready(machine, "good", env=play(f"say=round {round}", "stay", "slow-term=10"))
        machine.wait_for(lambda: f"round {round}" in machine.output("good"))
        first = machine.node("good")["PID"]
        assert machine.call("Restart", "s", "good") is True
        node = machine.node("good")
        assert node["State"] == "running" and node["PID"] != first
        assert machine.call("Destroy", "s", "good") is True
    assert machine.status("stubborn")["stubborn"]["state"] == "stopping"
    assert machine.node("flood")["State"] == "running"


def test_a_thousand_crashes_cost_nothing_that_lasts(machine, base, pytestconfig):
    def descriptors():
        return int(machine.run("ls /proc/$(systemctl show -P MainPID zeek-supervisor)/fd | wc -l").stdout)

    create_ready(machine, "good", env=play("stay"))
    before, pid = descriptors(), machine.node("good")["PID"]
    machine.create("crash", **of_role("LOGGER", "crash"), env=play("early", "say=again", "exit=1"))
    crashes = 1000 if base == HOST and not pytestconfig.getoption("sanitizers") else 100  # once is enough
    machine.wait_for(lambda: machine.node("crash")["NRestarts"] >= crashes, 240)
    assert machine.call("Destroy", "s", "crash") is True
    machine.wait_for(lambda: descriptors() == before)
    node = machine.node("good")
    assert (node["State"], node["PID"], node["NRestarts"]) == ("running", pid, 0)
    machine.call("Destroy", "s", "")
