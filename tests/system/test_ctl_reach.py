# SPDX-License-Identifier: BSD-3-Clause
"""Whom zsupctl talks to, and what it says when nobody answers."""

import contextlib
import json

import pytest
from bus import BusError
from ctl import DENIED, FAILED, UNREACHABLE, USAGE, Terminal, Zsupctl
from nodes import STAY, play

ALICE = "alice"

# what reaches another host, as if that were this one: it hands a line to the shell there, as ssh(1) does
SSH = """#!/bin/sh
echo "$@" >>/tmp/ssh.log
while [ "$1" != -- ]; do shift; done
[ "$2" = ids2 ] || { echo "ssh: no such host" >&2; exit 255; }
shift 2
exec sh -c "$*"
"""


def prepare(lab):
    lab.write("/usr/local/bin/ssh", SSH, mode=0o755)


@pytest.fixture
def ctl(machine):
    ctl = Zsupctl(machine)
    yield ctl
    ctl("destroy", "--all", "--quiet")


@pytest.fixture(scope="module")
def alice(machine_of_module):
    machine_of_module.lab.add_user(ALICE)
    machine_of_module.lab.start_user_manager(ALICE)
    return ALICE


def create(ctl, *names, env=STAY):
    ctl("create", "-", input=json.dumps([{"name": name, "env": env} for name in names]))


def test_a_user_has_a_supervisor_of_his_own(ctl, alice, machine):
    create(ctl, "of-root")
    own = Zsupctl(machine, "--user", user=alice)
    create(own, "of-alice", env=play("say=I am of alice", "stay"))
    assert own("list", "--names") == "of-alice\n" and ctl("list", "--names") == "of-root\n"
    machine.wait_for(lambda: "I am of alice" in own("log", "of-alice"))
    assert "I am of alice" in own("log")

    # root reaches it through the machine that is this one
    there = Zsupctl(machine, "--user", f"--machine={alice}@.host")
    assert there("list", "--names") == "of-alice\n"
    assert "I am of alice" in there("log", "of-alice")
    assert "I am of alice" in there("log", "--lines=100")
    assert there("destroy", "of-alice") == "Destroyed of-alice.\n"
    assert own("list") == "No nodes.\n"


def test_everybody_may_look_but_not_touch(ctl, alice, machine):
    create(ctl, "a")
    other = Zsupctl(machine, user=alice)
    assert other("list", "--names") == "a\n"
    assert "● a" in other("status", "a")
    for words in ["destroy", "a"], ["restart", "--all"], ["kill", "a"], ["reload"], ["diff"], ["hooks", "add", "x", "Action=pass"]:
        why, advice = other.errors(*words, status=DENIED)
        assert why.startswith("Failed to ") and advice.startswith("Run it as root")
    assert ctl("list", "--names") == "a\n"


def test_a_machine_is_reached_by_name(ctl, machine):
    create(ctl, "a")
    assert Zsupctl(machine, "--machine=.host")("list", "--names") == "a\n"
    assert "Node \"a\" runs" in Zsupctl(machine, "-M", ".host")("log", "a")
    lines = Zsupctl(machine, "--machine=nowhere").errors("list", status=UNREACHABLE)
    assert lines[0].startswith("Failed to connect to the bus: ") and "'nowhere'" in lines[1]


def test_a_host_is_reached_by_ssh(ctl, machine):
    create(ctl, "a")
    remote = Zsupctl(machine, "-H", "ids2")
    assert remote("list", "--names") == "a\n"
    assert "Lines: " in remote("status", "a")
    assert remote("restart", "a") == "Restarted a.\n"
    assert remote.errors("list", "--user", status=USAGE)[0].startswith("--host has no --user: ")
    for verb in ["list"], ["log"], ["log", "a"]:
        lines = Zsupctl(machine, "-H", "ids9").errors(*verb, status=UNREACHABLE)
        assert lines[0] == "ssh: no such host" and "Is 'ids9' up" in lines[-1]


def test_the_journal_of_a_host_is_read_there(ctl, machine):
    create(ctl, "worker-1", env=play("say=it's in  the journal", "stay"))
    machine.wait_for(lambda: machine.output("worker-1"))
    remote = Zsupctl(machine, "-H", "ids2")
    for nodes in ["worker-1"], ["work*"], []:
        assert remote("log", *nodes, "--grep=it's in  the", "--output=cat", "-n1") == "it's in  the journal\n"
    assert remote("log", "worker-1", "--grep=never said", "-q", status=FAILED) == ""


def test_the_journal_of_a_host_is_followed(ctl, machine):
    create(ctl, "a")
    with Terminal(machine, ctl.command("-H", "ids2", "log", "-f", "a")) as t:
        t.wait_for(r'Node "a" runs')
        ctl("kill", "-s", "KILL", "a")
        t.wait_for(r'Node "a" .*SIGKILL')
        t.type("\x03")
        t.end()
    assert machine.lab.path("/tmp/ssh.log").read_text().splitlines()[-1].startswith("-x -t ")


def test_who_cannot_be_reached_can_be_started(ctl, machine):
    machine.run("systemctl mask --runtime --now zeek-supervisor.service zeek-stem.service zeek-stem.socket")
    try:
        why, advice = ctl.errors("list", status=UNREACHABLE)
        assert why.startswith("Failed to ask for the nodes: ") and "systemctl start zeek-supervisor" in advice
        assert ctl.run("list", "--names").stderr == ""
        assert ctl.errors("destroy", "--all", status=UNREACHABLE)[0].startswith("Failed to destroy all nodes: ")
    finally:
        machine.run("systemctl unmask --runtime zeek-supervisor.service zeek-stem.service zeek-stem.socket")


def test_who_has_no_bus_is_told_so(ctl, machine):
    result = machine.run(["env", "-u", "XDG_RUNTIME_DIR", "-u", "DBUS_SESSION_BUS_ADDRESS", "zsupctl", "--user"], check=False)
    assert result.returncode == UNREACHABLE and "no session of this user" in result.stderr
    result = machine.run(["env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere", "zsupctl"], check=False)
    assert result.returncode == UNREACHABLE and "no system bus here" in result.stderr


def test_a_supervisor_that_ends_meanwhile_is_no_riddle(ctl, machine):
    ctl("create", "-", input=json.dumps({"name": "slow", "env": play("ignore-term", "stay"), "stop_timeout_usec": 1_000_000}))
    with machine.popen(ctl.command("destroy", "slow"), stderr=-1) as process:
        machine.wait_for(lambda: machine.node("slow")["State"] == "stopping")
        machine.run("kill -KILL $(systemctl show --property=MainPID --value zeek-supervisor)")
        _, errors = process.communicate(timeout=20)
    machine.expect("zeek-supervisor.service: Failed with result 'signal'")
    assert process.returncode == UNREACHABLE
    assert errors.startswith("Failed to destroy slow: ") and "the next one finishes what it had begun" in errors
    machine.wait_for(lambda: is_gone(machine))


def is_gone(machine):
    """The next supervisor may not be there yet."""
    with contextlib.suppress(BusError):
        return machine.status() == {}
