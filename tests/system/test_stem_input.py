# SPDX-License-Identifier: BSD-3-Clause
"""zeek-stem and processes that have an input: the programs of hooks."""

import concurrent.futures
import os
import select

import pytest
from stem_client import StemClient, StemError, order
from test_stem import CLD_EXITED, children_of_the_stem, forget, frozen, main_pid, read_all, run_node

ECHO = "while IFS= read -r line; do echo \"<$line>\"; done; exit 3"


def prepare(lab):
    lab.drop_in("zeek-stem.socket", "[Unit]\nStartLimitIntervalSec=0\n[Socket]\nTriggerLimitIntervalSec=0\n")


@pytest.fixture
def stem(machine):
    machine.run("systemctl start zeek-stem.socket")
    client = StemClient(machine.lab)
    yield client
    if client.is_open():
        for name, node in client.list().items():
            forget(client, name, node)
        client.close()


class Program:
    """A process with a pipe to it, as a supervisor has it."""

    def __init__(self, stem, name, script, **more):
        theirs, self.input = os.pipe()
        try:
            more.setdefault("Scope", scope_of(name))
            self.node = stem.launch(order(name, "/bin/sh", "-c", script, **more), input=theirs)
        except BaseException:
            os.close(self.input)
            raise
        finally:
            os.close(theirs)

    def say(self, text):
        os.write(self.input, text)

    def hear(self, size):
        data = b""
        while len(data) < size:
            assert select.select([self.node.output], [], [], 10)[0], data
            data += os.read(self.node.output, size - len(data))
        return data

    def close_input(self):
        os.close(self.input)


def scope_of(name):
    return "zeek-hook-{}.scope".format(name.partition(":")[2])


def test_a_process_reads_what_its_launcher_writes_and_ends_with_it(stem, machine):
    program = Program(stem, "hook:50.echo", ECHO)
    assert list(stem.list()) == ["hook:50.echo"]
    assert machine.scopes(of="hook") == ["zeek-hook-50.echo.scope"]
    program.say(b"one\ntwo\n")
    assert program.hear(12) == b"<one>\n<two>\n"
    program.close_input()  # nobody else holds it
    assert read_all(program.node.output) == b""
    assert stem.wait_signal("Exited", "hook:50.echo") == [program.node.pid, CLD_EXITED, 3]
    assert stem.wait_signal("Emptied", "hook:50.echo") == [program.node.pid, False]
    stem.release("hook:50.echo")
    program.node.close()


def test_the_launcher_sees_that_nobody_reads_any_more(stem):
    program = Program(stem, "hook:gone", "exec true")
    stem.wait_signal("Exited", "hook:gone")
    with pytest.raises(BrokenPipeError):
        program.say(b"hello?\n")
    program.close_input()
    program.node.close()


def test_a_launch_that_fails_lets_go_of_the_input(stem):
    theirs, ours = os.pipe()
    with pytest.raises(StemError, match="execute /nowhere"):
        stem.launch(order("hook:nowhere", "/nowhere", Scope="zeek-hook-nowhere.scope"), input=theirs)
    os.close(theirs)
    readers = select.poll()
    readers.register(ours, 0)
    assert readers.poll(10_000) == [(ours, select.POLLERR)]  # there are none
    os.close(ours)


def test_a_process_keeps_its_input_when_the_stem_dies(stem, machine):
    program = Program(stem, "hook:survivor", ECHO)
    old = main_pid(machine)
    machine.expect("zeek-stem")
    machine.run("systemctl kill --signal=KILL --kill-who=main zeek-stem")
    machine.wait_for(lambda: main_pid(machine) not in (0, old))
    program.say(b"still there\n")
    assert program.hear(14) == b"<still there>\n"
    again = StemClient(machine.lab)
    (held,) = again.list().values()
    assert held["pid"] == program.node.pid and held["scope"] == "zeek-hook-survivor.scope"
    program.close_input()
    assert again.wait_signal("Exited", "hook:survivor") == [program.node.pid, CLD_EXITED, 3]
    program.node.close()
    forget(again, "hook:survivor")
    again.close()


def test_who_has_an_input_does_not_join_a_launch_with_another(stem, machine):
    """Its requester has left, and with it the other end of that process's input."""
    other = StemClient(machine.lab)
    pid = main_pid(machine)
    pool = concurrent.futures.ThreadPoolExecutor(1)
    with frozen(machine.lab.container.leader):
        future = pool.submit(Program, other, "hook:twice", ECHO)
        machine.wait_for(lambda: children_of_the_stem(machine, pid))
        other.close()
        with pytest.raises(Exception):
            future.result(10)
        with pytest.raises(StemError, match="Error.Exists"):
            Program(stem, "hook:twice", ECHO)
    # that one runs, finds the end of its input and ends
    assert stem.wait_signal("Exited", "hook:twice")[1:] == [CLD_EXITED, 3]
    stem.wait_signal("Emptied", "hook:twice")
    stem.release("hook:twice")
    machine.wait_for(lambda: machine.scopes(of="hook") == [])
    assert children_of_the_stem(machine, pid) == []


def test_no_descriptor_is_lost(stem, machine):
    def count():
        return int(machine.run(f"ls /proc/{main_pid(machine)}/fd | wc -l").stdout)

    run_node(stem, "warm", "true")
    before = count()
    for _ in range(5):
        program = Program(stem, "hook:fds", ECHO)
        program.close_input()
        stem.wait_signal("Emptied", "hook:fds")
        stem.release("hook:fds")
        program.node.close()
        with pytest.raises(StemError):
            Program(stem, "hook:fds", ECHO, WorkingDirectory="/nowhere/to/be/made")
    machine.wait_for(lambda: count() == before, what="the stem to close what it opened")
