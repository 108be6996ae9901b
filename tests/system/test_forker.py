# SPDX-License-Identifier: BSD-3-Clause
"""What the stem has beside it: zeek-forker, which forks for it, and the child that waits for its order."""

import contextlib

import pytest
from stem_client import StemClient, StemError, order
from test_stem import children_of_the_stem, forget, main_pid, run_node, running

from test_stem import prepare, stem  # noqa: F401: this module's too


def beside(machine):
    """Pids of the forker and of the children that have no order: in the stem's control group, under one name."""
    pid = main_pid(machine)
    lines = machine.run(f"ps --ppid {pid} -o pid=,pgid=,stat=,comm=").stdout.splitlines()
    mine = [line.split() for line in lines if "zeek-forker" in line]
    forkers = [int(pid) for pid, group, stat, _ in mine if pid == group and "Z" not in stat]
    spares = [int(pid) for pid, group, stat, _ in mine if pid != group]
    return forkers, spares


def await_spare(machine):
    def look():
        forkers, spares = beside(machine)
        return len(forkers) == len(spares) == 1 and (forkers[0], spares[0])

    return machine.wait_for(look, what="a forker and a child that waits")


def test_there_is_a_child_before_there_is_an_order(stem, machine):
    run_node(stem, "first", "true")
    for name in "second", "third":
        _, spare = await_spare(machine)
        node = stem.launch(order(name, "/bin/sleep", "1000"))
        assert node.pid == spare
        node.close()
    assert await_spare(machine)[1] != spare


def test_it_has_nothing_of_the_stem(stem, machine):
    run_node(stem, "before", "true")
    for pid in await_spare(machine):
        machine.wait_for(lambda: len(machine.run(["ls", f"/proc/{pid}/fd"]).stdout.split()) <= 7)
        assert "libsystemd" not in machine.run(["cat", f"/proc/{pid}/maps"]).stdout


def test_a_child_that_is_killed_before_its_order_costs_nothing(stem, machine):
    run_node(stem, "before", "true")
    for _ in range(3):
        _, spare = await_spare(machine)
        machine.run(f"kill -KILL {spare}")
        machine.wait_for(lambda: spare not in beside(machine)[1])  # nor is it a zombie
        run_node(stem, "after", "true")


def test_a_forker_that_is_killed_is_replaced(stem, machine):
    machine.expect("zeek-forker has ended, starting another one")
    run_node(stem, "before", "true")
    for _ in range(3):
        forker, _ = await_spare(machine)
        machine.run(f"kill -KILL {forker}")
        for _ in range(3):
            run_node(stem, "after", "true")
        assert await_spare(machine)[0] != forker


def test_a_forker_that_is_stopped_is_replaced_before_the_stem_is(stem, machine):
    machine.expect("zeek-forker does not answer, starting another one")
    run_node(stem, "before", "true")
    forker, spare = await_spare(machine)
    pid = main_pid(machine)
    machine.run(f"kill -STOP {forker}; kill -KILL {spare}")
    machine.wait_for(lambda: spare not in beside(machine)[1])
    with pytest.raises(StemError, match="start process: Connection timed out"):
        stem.launch(order("late", "/bin/true"))
    run_node(stem, "late", "true")
    assert await_spare(machine)[0] != forker and main_pid(machine) == pid


def test_a_forker_that_is_killed_at_any_moment_leaves_no_child_behind(stem, machine):
    machine.expect("zeek-forker has ended, starting another one")
    with running(machine, "while :; do pkill -KILL -x zeek-forker; sleep 0.003; done"):
        for _ in range(60):
            with contextlib.suppress(StemError):
                stem.launch(order("hunted", "/bin/true")).close()
                stem.wait_signal("Emptied", "hunted")
                stem.release("hunted")
    run_node(stem, "last", "true")
    await_spare(machine)
    assert machine.scopes() == [] and children_of_the_stem(machine, main_pid(machine)) == []


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_they_end_with_the_stem(stem, machine, signal):
    node = stem.launch(order("outlives", "/bin/sleep", "1000"))
    old, before = main_pid(machine), await_spare(machine)
    if signal == "KILL":
        machine.expect("zeek-stem.service: Failed with result 'signal'")
    machine.run(f"kill -{signal} {old}")
    for pid in before:
        machine.wait_for(lambda: not machine.lab.path(f"/proc/{pid}").exists() or not is_forker(machine, pid))
    machine.wait_for(lambda: main_pid(machine) not in (0, old))
    again = StemClient(machine.lab)
    assert again.list()["outlives"]["pid"] == node.pid
    forget(again, "outlives")
    again.close()
    node.close()


def is_forker(machine, pid):
    return machine.run(f"cat /proc/{pid}/comm", check=False).stdout == "zeek-forker\n"
