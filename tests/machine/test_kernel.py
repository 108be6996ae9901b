# SPDX-License-Identifier: BSD-3-Clause
"""What is different on an older kernel: how a process ended that is no child of the stem is not to be learnt (that takes
PIDFD_GET_INFO, Linux 6.15). That it ended is."""

import os

import pytest
from nodes import EXITED, STAY, play
from test_limits import MIB, expect_unharmed, wait_for_end

STEM = "zeek-stem.service"


@pytest.fixture(autouse=True)
def older_kernel():
    assert tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15)


def kill_stem(machine):
    before = machine.main_pid(STEM)
    machine.expect(f"{STEM}: Failed with result 'signal'")
    machine.run(["kill", "-KILL", str(before)])
    machine.wait_for(lambda: machine.main_pid(STEM) not in (0, before))
    machine.wait_for(lambda: machine.bus.get("StemPID") not in (0, before))


def end_message(machine, pid):
    return machine.journal(f"MESSAGE_ID={EXITED}", f"ZEEK_NODE_PID={pid}")[0]["MESSAGE"]


def test_nodes_of_a_killed_stem_run_on_and_their_ends_are_noticed(machine):
    for name in "ends", "lives":
        machine.create(name, env=STAY)
    pids = {name: node["pid"] for name, node in machine.status().items()}
    kill_stem(machine)
    expect_unharmed(machine, pids)

    machine.run(["kill", "-KILL", str(pids["ends"])])
    node = wait_for_end(machine, "ends")
    assert (node["exit_code"], node["exit_status"], node["out_of_memory"]) == (0, 0, False)
    assert end_message(machine, pids["ends"]).endswith("ended, it is not known how")
    expect_unharmed(machine, {"lives": pids["lives"]})


def test_that_memory_ran_out_is_known_all_the_same(machine):
    machine.create("leaking", memory_max=64 * MIB, env=play("sleep=20000", "leak=64M", "stay"))
    first = machine.status("leaking")["leaking"]["pid"]
    kill_stem(machine)
    node = wait_for_end(machine, "leaking")
    assert (node["exit_code"], node["out_of_memory"]) == (0, True)
    assert end_message(machine, first).endswith("was killed because memory ran out")
