# SPDX-License-Identifier: BSD-3-Clause
"""Destroy: it answers when nothing is left of the node, however its processes behave."""

import signal

import pytest
from bus import BusError, node_path
from nodes import DESTROYED, EXITED, KILLED, STARTED, STAY, cluster_of, create_ready, is_alive, of_role, play, scope
from nodes import tree
from raw_bus import RawBus

pytestmark = pytest.mark.usefixtures("tidy")

TIMEOUT = 300_000
NEVER = 2**64 - 1


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/stop.conf",
        "[Worker]\nRestartDelaySec=1h\nStopTimeoutSec=300ms\n"
        "[Proxy]\nRestartAttempts=1\nRestartDelaySec=50ms\n"
        "[Manager]\nRestart=never\n",
    )


def destroy(machine, name=""):
    assert machine.call("Destroy", "s", name) is True
    assert machine.status(name) == {}
    assert [unit for unit in machine.scopes() if name == "" or unit == scope(name)] == []


def grown_tree(machine, name, size):
    """Its processes, once it has started all of them."""

    def grown():
        found = tree(machine, name)
        return len(found) == size and all(is_alive(machine, pid) for pid in found) and found

    return machine.wait_for(grown)


def events(machine, name, message_id):
    return machine.journal(f"ZEEK_NODE={name}", f"MESSAGE_ID={message_id}")


# The whole tree


def test_the_whole_tree_is_gone(machine):
    create_ready(machine, "node", env=play("children=3", "daemonize-child", "stay"))
    processes = grown_tree(machine, "node", 5)
    destroy(machine, "node")
    assert not any(is_alive(machine, pid) for pid in processes)


def test_daemons_that_ignore_sigterm_and_hold_the_pipes_are_gone_too(machine):
    behaviour = play("children=2", "daemonize-child", "children-ignore-term", "children-keep-pipes", "stay")
    create_ready(machine, "stubborn", stop_timeout_usec=TIMEOUT, env=behaviour)
    processes = grown_tree(machine, "stubborn", 4)
    destroy(machine, "stubborn")
    assert not any(is_alive(machine, pid) for pid in processes)
    (end,) = events(machine, "stubborn", EXITED)
    assert (end["EXIT_CODE"], end["EXIT_STATUS"]) == ("exited", "0")  # the main process was not killed with them


def test_who_ignores_sigterm_is_killed_with_all_children_after_the_timeout(machine, story):
    create_ready(machine, "deaf", stop_timeout_usec=TIMEOUT, env=play("children=2", "children-ignore-term", "ignore-term", "stay"))
    processes = grown_tree(machine, "deaf", 3)
    destroy(machine, "deaf")
    assert not any(is_alive(machine, pid) for pid in processes)
    (killed,) = events(machine, "deaf", KILLED)
    (end,) = events(machine, "deaf", EXITED)
    assert (end["EXIT_CODE"], end["EXIT_STATUS"]) == ("killed", "9")
    stopping = story.wait("deaf", State="stopping")["StateSinceUSec"]
    assert TIMEOUT <= int(killed["__REALTIME_TIMESTAMP"]) - stopping < TIMEOUT + 1_000_000


def test_the_timeout_of_the_role_applies_where_the_node_has_none(machine):
    create_ready(machine, "deaf-worker", **of_role("WORKER", "deaf-worker"), env=play("ignore-term", "stay"))
    destroy(machine, "deaf-worker")
    assert len(events(machine, "deaf-worker", KILLED)) == 1


def test_no_timeout_is_endless_patience(machine, story):
    create_ready(machine, "slow", stop_timeout_usec=NEVER, env=play("slow-term=700", "stay"))
    destroy(machine, "slow")
    assert events(machine, "slow", KILLED) == []


def test_a_process_that_is_stopped_is_killed(machine):
    create_ready(machine, "frozen", stop_timeout_usec=TIMEOUT, env=STAY)
    machine.call("Kill", "i", signal.SIGSTOP, path=node_path("frozen"), interface="org.zeek.Supervisor.Node")
    destroy(machine, "frozen")
    assert len(events(machine, "frozen", KILLED)) == 1


def test_sigterm_is_sent_once(machine):
    create_ready(machine, "once", stop_timeout_usec=TIMEOUT, env=play("ignore-term", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send("Destroy", "s", name) for name in ("once", "once", "")]
        assert client.reply(calls[0]) is True
        with pytest.raises(BusError, match="NoSuchNode"):
            client.reply(calls[1])
        assert client.reply(calls[2]) is True
    (ignored,) = [line for line in machine.output("once", "stderr") if "ignoring signal" in line]
    assert "number 1" in ignored


def test_sigterm_is_for_the_main_process_and_comes_to_the_others_when_that_has_ended(machine):
    alone = 'grep -q "State:.Z" /proc/$PPID/status && echo the child ends alone; exit'
    family = play("slow-term=300", "stay", f"exec=trap '{alone}' TERM; while :; do sleep 0.01; done")
    create_ready(machine, "family", env=family)
    grown_tree_at_least(machine, "family", 2)
    destroy(machine, "family")
    story = [entry["MESSAGE"] for entry in machine.journal("ZEEK_NODE=family")]
    assert "the child ends alone" in story


def grown_tree_at_least(machine, name, size):
    return machine.wait_for(lambda: len(found := tree(machine, name)) >= size and found)


def test_the_last_words_are_in_the_journal_when_the_answer_comes(machine):
    create_ready(machine, "talker", env=play("term-print=2000", "stay"))
    machine.call("Destroy", "s", "talker")
    assert machine.output("talker") == [f"line {n}" for n in range(1, 2001)]


def test_what_an_ended_node_leaves_is_swept_out(machine, story):
    behaviour = play("children=2", "daemonize-child", "sleep=100", "exit=1")
    machine.create("messy", **of_role("MANAGER", "messy"), env=behaviour)
    story.wait("messy", State="finished")
    machine.wait_for(lambda: machine.scopes() == [])
    destroy(machine, "messy")


def test_stopping_is_told_with_its_reason(machine, story):
    create_ready(machine, "node", env=play("slow-term=50", "term-exit=4", "stay"))
    destroy(machine, "node")
    story.wait_gone("node")
    assert story.states("node") == ["starting", "running", "stopping"]
    assert story.wait("node", State="stopping")["Ready"] is False


# What is not running


@pytest.mark.parametrize("state, role", [("waiting", "WORKER"), ("failed", "PROXY"), ("finished", "MANAGER")])
def test_a_node_that_does_not_run_is_forgotten_at_once(machine, story, state, role):
    if state == "failed":
        machine.expect("is given up")
    machine.create("node", **of_role(role, "node"), env=play("exit=1"))
    story.wait("node", State=state)
    destroy(machine, "node")
    story.wait_gone("node")


@pytest.mark.parametrize("member", ["Destroy", "Restart"])
def test_what_does_not_exist_cannot_be_stopped(machine, member):
    with pytest.raises(BusError) as error:
        machine.call(member, "s", "nobody")
    assert (error.value.name, error.value.message) == (
        "org.zeek.Supervisor.Error.NoSuchNode",
        "there is no node with name 'nobody'",
    )


@pytest.mark.parametrize("member", ["Destroy", "Restart"])
def test_all_may_be_none(machine, member):
    assert machine.call(member, "s", "") is True


# Several requests


def test_who_asks_for_more_of_a_destroyed_node_hears_that_there_is_none(machine):
    create_ready(machine, "node", env=play("slow-term=100", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send(member, "s", "node") for member in ("Destroy", "Restart", "Destroy")]
        assert client.reply(calls[0]) is True
        for call in calls[1:]:
            with pytest.raises(BusError, match="NoSuchNode"):
                client.reply(call)


def test_what_is_told_of_an_end_is_about_the_node_that_ended(machine):
    """Also when another one of its name waits only for that."""
    create_ready(machine, "node", **of_role("PROXY", "node"), env=play("slow-term=100", "stay"))
    pid = machine.node("node")["PID"]
    with RawBus(machine.lab) as client:
        calls = [client.send("Destroy", "s", "node"), client.send("Create", "a{sv}", {"name": "node", "env": STAY})]
        assert [client.reply(call) for call in calls] == [True, ""]
    (destroyed,) = events(machine, "node", DESTROYED)[-1:]
    told = (destroyed["ZEEK_ROLE"], destroyed["ZEEK_STATE"], destroyed["ZEEK_NODE_PID"], destroyed["EXIT_CODE"])
    assert told == ("proxy", "destroyed", str(pid), "exited")


def test_a_start_is_told_before_the_stop_that_waits_for_it(machine):
    with RawBus(machine.lab) as client:
        calls = [client.send("Create", "a{sv}", {"name": "brief", "env": STAY}), client.send("Destroy", "s", "brief")]
        assert [client.reply(call) for call in calls] == ["", True]
    (started,) = events(machine, "brief", STARTED)
    assert started["ZEEK_STATE"] == "running"


def test_destroy_overrides_a_restart_that_waits_for_the_end(machine, story):
    create_ready(machine, "node", env=play("slow-term=200", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send(member, "s", "node") for member in ("Restart", "Destroy")]
        assert [client.reply(call) for call in calls] == [True, True]
    story.wait_gone("node")
    assert len(story.starts("node")) == 2


def test_a_slow_node_holds_up_nobody(machine, story):
    create_ready(machine, "slow", stop_timeout_usec=NEVER, env=play("ignore-term", "stay"))
    machine.create("quick", env=STAY)
    slow = machine.bus.start_call("Destroy", "s", "slow")
    story.wait("slow", State="stopping")
    assert machine.call("Restart", "s", "quick") is True
    assert machine.create("new", env=STAY) == ""
    destroy(machine, "quick")
    assert machine.status("slow")["slow"]["state"] == "stopping" and not slow.done()
    machine.run(["kill", "-KILL", str(machine.node("slow")["PID"])])
    assert slow.result() is True


# All at once

CLUSTER = cluster_of(
    worker_2="WORKER", logger_1="LOGGER", worker_1="WORKER", proxy_1="PROXY", manager="MANAGER", logger_2="LOGGER", proxy_2="PROXY"
)


def test_all_end_role_by_role_and_within_a_role_together(machine, story):
    for name in CLUSTER:
        create_ready(machine, name, cluster=CLUSTER, stop_timeout_usec=NEVER, env=play(f"slow-term={300 if name == 'worker-1' else 30}"))
    machine.create("alone", env=play("slow-term=30", "stay"))
    destroy(machine)
    for name in [*CLUSTER, "alone"]:
        story.wait_gone(name)

    stopping = {name: story.wait(name, State="stopping").at for name in CLUSTER}
    gone = {name: story.signals.seen.index(story.wait_gone(name)) for name in CLUSTER}
    roles = ["worker", "proxy", "manager", "logger"]
    for first, second in zip(roles, roles[1:]):
        last_gone = max(at for name, at in gone.items() if name.startswith(first))
        first_stopping = min(at for name, at in stopping.items() if name.startswith(second))
        assert last_gone < first_stopping, (first, second)
    assert max(stopping["worker-1"], stopping["worker-2"]) < gone["worker-2"] < gone["worker-1"]


def test_all_twice_at_once_is_all(machine):
    for name in "abc":
        create_ready(machine, name, env=play("slow-term=50", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send("Destroy", "s", name) for name in ("", "", "b")]
        assert [client.reply(call) for call in calls[:2]] == [True, True]
        with pytest.raises(BusError, match="NoSuchNode"):
            client.reply(calls[2])


def test_a_crash_while_all_are_ended_brings_nobody_back(machine, story):
    for name in "logger-1", "worker-1":
        create_ready(machine, name, cluster=CLUSTER, stop_timeout_usec=NEVER, env=play("ignore-term"))
    everybody = machine.bus.start_call("Destroy", "s", "")
    story.wait("worker-1", State="stopping")
    machine.run(["kill", "-KILL", str(machine.node("logger-1")["PID"])])  # whose turn has not come yet
    story.wait("logger-1", State="waiting")
    machine.run(["kill", "-KILL", str(machine.node("worker-1")["PID"])])
    assert everybody.result() is True
    assert machine.status() == {}
    story.wait_gone("logger-1")
    assert len(story.starts("logger-1")) == 1
