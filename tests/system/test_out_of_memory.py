# SPDX-License-Identifier: BSD-3-Clause
"""A node that is killed because memory ran out is restarted, and it is said why it ended.

A lab has no memory controller, so its kernel kills nobody for that. But systemd-oomd may: it kills all of a control group
and notes on it that it has, and that is how a test can do it. What the kernel does is tested on a full machine
(tests/machine).
"""

import os

import pytest
from faults import STEM, SUPERVISOR
from nodes import CLD_EXITED, CLD_KILLED, EXITED, STAY, Story, create_ready, play, scope, tree

pytestmark = pytest.mark.usefixtures("tidy_nodes")


@pytest.fixture
def tidy_nodes(machine):
    yield
    machine.call("Destroy", "s", "")
    assert machine.status() == {} and machine.scopes() == []


def run_out_of_memory(machine, name):
    group = machine.lab.path("/sys/fs/cgroup" + machine.show(scope(name))["ControlGroup"])
    os.setxattr(group, "user.oomd_ooms", b"1")
    machine.run(["kill", "-KILL", *map(str, tree(machine, name))])


def test_it_is_restarted_and_told_why_it_ended(machine):
    create_ready(machine, "node", env=play("children=1", "stay"))
    assert "out_of_memory" not in machine.status("node")["node"]
    with Story(machine) as story:
        run_out_of_memory(machine, "node")
        node = story.wait("node", State="running", NRestarts=1)
    assert (node["ExitCode"], node["ExitStatus"], node["OutOfMemory"]) == (CLD_KILLED, 9, True)
    status = machine.status("node")["node"]
    assert (status["exit_code"], status["exit_status"], status["out_of_memory"]) == (CLD_KILLED, 9, True)

    end = machine.journal(f"MESSAGE_ID={EXITED}", "ZEEK_NODE=node")[-1]
    assert end["MESSAGE"].endswith("was killed by signal SIGKILL because memory ran out")
    assert end["ZEEK_OUT_OF_MEMORY"] == "yes"
    assert "because memory ran out" in machine.run(["zsupctl", "status", "node"]).stdout


def test_the_next_end_has_a_reason_of_its_own(machine):
    create_ready(machine, "node", env=STAY)
    with Story(machine) as story:
        run_out_of_memory(machine, "node")
        again = story.wait("node", State="running", NRestarts=1)
        machine.run(["kill", "-KILL", str(again["PID"])])
        node = story.wait("node", after=again, State="running", NRestarts=2)
    assert (node["ExitCode"], node["ExitStatus"], node["OutOfMemory"]) == (CLD_KILLED, 9, False)
    end = machine.journal(f"MESSAGE_ID={EXITED}", "ZEEK_NODE=node")[-1]
    assert end["MESSAGE"].endswith("was killed by signal SIGKILL") and "ZEEK_OUT_OF_MEMORY" not in end


def test_a_stop_that_an_administrator_asked_for_is_one_also_when_memory_runs_out_meanwhile(machine):
    create_ready(machine, "node", env=play("slow-term=60000", "stay"))
    with Story(machine) as story, machine.popen(["systemctl", "stop", scope("node")]) as stop:
        story.wait("node", State="stopping")
        run_out_of_memory(machine, "node")
        node = story.wait("node", State="stopped")
        stop.wait()
    assert (node["ExitStatus"], node["NRestarts"]) == (9, 0)


@pytest.mark.parametrize("away", [SUPERVISOR, STEM])
def test_it_is_restarted_whichever_daemon_was_restarted_before(machine, away):
    """A supervisor that comes anew is nobody's controller, and is not asked about the scope."""
    create_ready(machine, "node", env=STAY)
    machine.run(["systemctl", "restart", away])
    machine.wait_for(lambda: machine.bus.get("StemPID") != 0)
    with Story(machine) as story:
        run_out_of_memory(machine, "node")
        node = story.wait("node", State="running", NRestarts=1)
    assert node["OutOfMemory"] is True


def test_a_main_process_that_ended_before_had_its_own_reason(machine):
    create_ready(machine, "node", env=play("children=1", "children-ignore-term", "stay"), restart="never")
    with Story(machine) as story:
        machine.run(["kill", "-TERM", str(machine.node("node")["PID"])])
        story.wait("node", ExitCode=CLD_EXITED)
        run_out_of_memory(machine, "node")
        node = story.wait("node", State="finished")
    assert (node["ExitCode"], node["ExitStatus"], node["OutOfMemory"]) == (CLD_EXITED, 0, False)
