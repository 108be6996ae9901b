# SPDX-License-Identifier: BSD-3-Clause
"""Any end is followed by a start, after Zeek's back-off; unless a policy, a limit or an administrator says otherwise."""

import pytest
from bus import BusError
from nodes import CLD_DUMPED, CLD_EXITED, CLD_KILLED, EXITED, GIVEN_UP, STAY, cluster_of, create_ready, is_alive, of_role
from nodes import play, scope, tree
from raw_bus import RawBus

pytestmark = pytest.mark.usefixtures("tidy")

CONF = "/etc/zeek-supervisor/supervisor.conf.d/restart.conf"
DELAY = 250_000


def prepare(lab):
    lab.write(
        CONF,
        "[Logger]\nRestartDelaySec=250ms\nRestartDelayMaxSec=600ms\n"
        "[Proxy]\nRestartAttempts=4\nRestartDelaySec=20ms\n"
        "[Worker]\nRestartDelaySec=40ms\nRestartResetSec=60ms\n"
        "[Manager]\nRestartPreventExitStatus=7 SIGUSR1 SIGABRT\nRestartDelaySec=20ms\n",
    )


def end_of(story, name, after=None):
    """The properties when an end has become known. (A process that ends at once may never be seen running.)"""
    return story.wait(name, after=after, ExitCode=lambda code: code != 0)


# How it ended


@pytest.mark.parametrize(
    "end, code, status",
    [
        ("exit=0", CLD_EXITED, 0),
        ("exit=3", CLD_EXITED, 3),
        ("exit=255", CLD_EXITED, 255),
        ("signal=SEGV", CLD_KILLED, 11),
        ("signal=TERM", CLD_KILLED, 15),
        ("signal=9", CLD_KILLED, 9),
    ],
)
def test_after_any_end_it_is_started_again_and_tells_how_it_ended(machine, story, end, code, status):
    machine.create("node", **of_role("LOGGER", "node"), env={**play(end), "LC_ALL": "C"})
    ended = end_of(story, "node")
    assert (ended["ExitCode"] % 3 or CLD_KILLED, ended["ExitStatus"]) == (code, status)  # with a core or without
    assert ended["State"] == "waiting" and ended["NRestarts"] == 0 and ended["NextRestartUSec"] > 0
    again = story.wait("node", after=ended, State="starting")
    assert again["NRestarts"] == 1 and again["NextRestartUSec"] == 0
    story.wait("node", after=again, PID=lambda pid: pid != ended["PID"])
    story.wait("node", after=again, NRestarts=2)
    assert len(set(story.starts("node"))) == len(story.starts("node")) >= 2


def test_a_core_is_told_of(machine, story):
    machine.run("echo core >/proc/sys/kernel/core_pattern", check=False)
    machine.create("node", **of_role("LOGGER", "node"), env=play("abort"))
    ended = end_of(story, "node")
    assert ended["ExitStatus"] == 6 and ended["ExitCode"] in (CLD_KILLED, CLD_DUMPED)
    if ended["ExitCode"] == CLD_DUMPED:
        pattern = machine.run("cat /proc/sys/kernel/core_pattern").stdout.strip()
        hint = "; its core is in its working directory as core" if pattern == "core" else "core"
        event = machine.wait_for(lambda: machine.journal(f"ZEEK_NODE_PID={ended['PID']}", f"MESSAGE_ID={EXITED}"))[0]
        assert hint in event["MESSAGE"]


def test_a_crash_of_the_main_process_takes_its_children_with_it(machine, story):
    create_ready(machine, "node", **of_role("LOGGER", "node"), env=play("children=2", "daemonize-child", "stay"))
    old = machine.wait_for(lambda: len(found := tree(machine, "node")) == 4 and found)
    machine.run(["kill", "-KILL", str(machine.node("node")["PID"])])
    running = story.wait("node", NRestarts=1, State="running")
    assert not any(is_alive(machine, pid) for pid in old)  # the new life begins in an empty scope
    assert running["PID"] in tree(machine, "node")


def test_all_of_a_scope_killed_at_once_is_a_crash_like_any_other(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=play("children=2", "stay"))
    machine.run(["systemctl", "kill", "--signal=KILL", scope("node")])
    assert story.wait("node", NRestarts=1, State="running")["ExitStatus"] == 9


def test_the_scope_keeps_its_name_and_is_another_one(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=STAY)
    before = machine.show(scope("node"))["InvocationID"]
    machine.run(["kill", "-KILL", str(machine.node("node")["PID"])])
    story.wait("node", NRestarts=1, State="running")
    assert machine.scopes() == [scope("node")]
    assert machine.show(scope("node"))["InvocationID"] != before


# When it is started again


def delays(story, name, after=-1):
    """Between each automatic start and the next one, as announced by NextRestartUSec, by the number of the former. (Changes
    of one turn of the loop come as one signal, so not every start is to be seen; nor does one wait that ended late.)"""
    seen = [snapshot for snapshot in story.snapshots(name) if snapshot.at > after]
    starts = {s["NRestarts"]: s["StateSinceUSec"] for s in seen if s["State"] == "starting" and s["NRestarts"] > 0}
    waits = [s for s in seen if s["State"] == "waiting" and s["NextRestartUSec"] > s["StateSinceUSec"]]
    ends = {s["NRestarts"]: s["NextRestartUSec"] for s in waits}
    return {number: ends[number] - starts[number] for number in starts.keys() & ends.keys()}


def test_the_delay_doubles_at_each_third_attempt_up_to_its_maximum(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=play("early", "exit=1"))
    expected = [DELAY] * 3 + [2 * DELAY] * 3 + [600_000] * 3
    story.wait("node", NRestarts=len(expected))
    found = delays(story, "node")
    assert len(found) >= len(expected) / 2
    for number in found.keys() & range(len(expected)):
        assert abs(found[number] - expected[number]) < 5_000, number


def test_the_start_comes_when_it_was_announced(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=play("early", "exit=1"))
    waiting = story.wait("node", State="waiting")
    starting = story.wait("node", after=waiting, State="starting")
    assert 0 <= starting["StateSinceUSec"] - waiting["NextRestartUSec"] < 10_000_000


def test_who_was_up_for_longer_than_the_delay_is_started_at_once(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=play("exit=1", "after=300"))
    story.wait("node", NRestarts=3)
    announced = {s["NextRestartUSec"] for s in story.snapshots("node") if s["State"] == "starting"}
    assert announced == {0}


def test_who_was_up_for_long_begins_the_curve_anew(machine, story):
    machine.create("node", **of_role("WORKER", "node"), env=play("exit=1", "after=80"))
    story.wait("node", NRestarts=7)
    waits = {s["NextRestartUSec"] - s["StateSinceUSec"] for s in story.snapshots("node") if s["State"] == "waiting"}
    assert waits == {0}  # at the sixth attempt the delay would be twice its life


def test_zeeks_own_numbers_are_the_default(machine, story):
    machine.create("node", env=play("early", "exit=1"))
    starting = story.wait("node", State="starting")
    waiting = story.wait("node", State="waiting")
    assert abs(waiting["NextRestartUSec"] - starting["StateSinceUSec"] - 1_000_000) < 5_000


# Policies and limits


@pytest.mark.parametrize("end", ["exit=0", "exit=3", "signal=KILL"])
def test_never_is_finished_after_any_end(machine, story, end):
    machine.create("node", restart="never", env=play(end))
    finished = story.wait("node", State="finished")
    assert finished["NextRestartUSec"] == 0 and finished["ExitCode"] != 0
    machine.wait_for(lambda: machine.scopes() == [])
    assert machine.node("node")["State"] == "finished" and len(story.starts("node")) == 1


@pytest.mark.parametrize("end", ["exit=0", "signal=TERM", "signal=INT", "signal=HUP", "signal=PIPE"])
def test_on_failure_is_finished_after_a_clean_end(machine, story, end):
    machine.create("node", restart="on-failure", env=play("early", end))
    story.wait("node", State="finished")


@pytest.mark.parametrize("end", ["exit=1", "signal=USR2", "signal=KILL"])
def test_on_failure_is_started_again_after_a_failure(machine, story, end):
    machine.create("node", restart="on-failure", **of_role("LOGGER", "node"), env=play("early", end))
    story.wait("node", NRestarts=1)


def test_after_so_many_attempts_it_is_given_up_and_restart_brings_it_back(machine, story):
    machine.expect("is given up: it exited with status 5, after 4 attempts")
    machine.create("node", **of_role("PROXY", "node"), env=play("early", "exit=5"))
    failed = story.wait("node", State="failed")
    assert (failed["NRestarts"], failed["ExitStatus"], failed["NextRestartUSec"]) == (4, 5, 0)
    assert len(story.starts("node")) == 5
    machine.wait_for(lambda: machine.scopes() == [])

    machine.expect("is given up")
    assert machine.call("Restart", "s", "node") is True
    again = story.wait("node", after=story.wait("node", after=failed, State="starting"), State="failed")
    assert again["NRestarts"] == 4 and len(story.starts("node")) == 10  # it had all its attempts again


@pytest.mark.parametrize("end, status", [("exit=7", 7), ("signal=USR1", 10), ("abort", 6)])
def test_an_end_can_forbid_the_next_start(machine, story, end, status):
    machine.expect("is given up")
    machine.create("node", **of_role("MANAGER", "node"), env=play("early", end))
    failed = story.wait("node", State="failed")
    assert (failed["NRestarts"], failed["ExitStatus"]) == (0, status)


def test_other_ends_of_the_same_role_forbid_nothing(machine, story):
    machine.create("node", **of_role("MANAGER", "node"), env=play("early", "exit=8"))
    story.wait("node", NRestarts=2)


# On request


def test_restart_answers_when_the_new_process_runs_and_the_old_tree_is_gone(machine, story):
    create_ready(machine, "node", env=play("children=1", "daemonize-child", "slow-term=100", "stay"), nice=2)
    old = machine.wait_for(lambda: len(found := tree(machine, "node")) == 3 and found)
    config = machine.node("node")["Config"]
    assert machine.call("Restart", "s", "node") is True
    assert not any(is_alive(machine, pid) for pid in old)
    node = machine.node("node")
    assert node["State"] == "running" and node["PID"] in tree(machine, "node") and node["PID"] not in old
    assert (node["NRestarts"], node["ExitCode"], node["ExitStatus"]) == (0, CLD_EXITED, 0)
    assert node["Config"] == config
    story.wait("node", PID=node["PID"])
    assert story.states("node") == ["starting", "running", "stopping", "starting", "running"]
    assert len(story.signals.named("InterfacesAdded")) == 1


def test_restart_of_a_waiting_node_starts_it_at_once_and_resets_its_delay(machine, story):
    machine.create("node", **of_role("LOGGER", "node"), env=play("early", "exit=1"))
    waiting = story.wait("node", State="waiting", NRestarts=lambda n: n >= 3)
    assert machine.call("Restart", "s", "node") is True
    starting = story.wait("node", after=waiting, State="starting", NRestarts=0)
    story.wait("node", after=starting, NRestarts=3)
    for number, delay in delays(story, "node", after=starting.at).items():
        assert number > 2 or abs(delay - DELAY) < 5_000


def test_restart_of_a_finished_node_starts_it(machine, story):
    machine.create("node", restart="never", env=play("exit", "after=50"))
    finished = story.wait("node", State="finished")
    assert machine.call("Restart", "s", "node") is True
    story.wait("node", after=finished, State="running")


def test_many_restarts_take_their_turns(machine, story):
    create_ready(machine, "node", env=play("slow-term=30", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send("Restart", "s", "node") for _ in range(10)]
        assert [client.reply(call) for call in calls] == [True] * 10
    story.wait("node", State="running", PID=machine.node("node")["PID"])
    assert len(story.starts("node")) == len(set(story.starts("node"))) == 11


def test_a_restart_that_cannot_start_is_an_error_and_an_attempt(machine, story):
    """What was there at the first start need not be there at the next one."""
    machine.run("install -d -o zeek /srv/gone")
    machine.create("node", **of_role("LOGGER", "node"), directory="/srv/gone/deep", env=STAY)
    machine.run("chown -R root /srv/gone && rm -r /srv/gone/deep")
    with pytest.raises(BusError, match="LaunchFailed: node 'node': .*/srv/gone/deep.*Permission denied"):
        machine.call("Restart", "s", "node")
    again = story.wait("node", NRestarts=2)
    assert again["State"] in ("waiting", "starting")
    machine.run("chown zeek /srv/gone")
    node = story.wait("node", after=again, State="running")
    assert len(story.starts("node")) == 2 and node["PID"] == story.starts("node")[1]


def test_a_node_that_can_never_start_again_is_given_up(machine, story):
    machine.expect("is given up")
    machine.run("install -d -o zeek /srv/gone2")
    machine.create("node", **of_role("PROXY", "node"), directory="/srv/gone2", env=play("stay", "exit=1", "after=200"))
    machine.run("chmod 0 /srv/gone2")
    story.wait("node", State="failed")
    assert len(story.starts("node")) == 1


def test_all_are_restarted_role_by_role(machine, story):
    cluster = cluster_of(worker_1="WORKER", proxy_1="PROXY", manager="MANAGER", logger_1="LOGGER", worker_2="WORKER")
    for name in cluster:
        machine.create(name, cluster=cluster, env=play("stay"))
    machine.create("alone", env=STAY)
    first = {name: node["pid"] for name, node in machine.status().items()}
    assert machine.call("Restart", "s", "") is True
    second = {name: node["pid"] for name, node in machine.status().items()}
    assert set(first) == set(second) and not set(first.values()) & set(second.values())

    runs = {name: story.wait(name, State="running", PID=second[name])["StateSinceUSec"] for name in cluster}
    stops = {name: story.wait(name, State="stopping")["StateSinceUSec"] for name in cluster}
    for before, after in [("logger-1", "manager"), ("manager", "proxy-1"), ("proxy-1", "worker-1"), ("proxy-1", "worker-2")]:
        assert runs[before] <= stops[after], (before, after)  # equal: within one turn of the loop


def test_one_that_cannot_start_does_not_keep_the_others_from_it(machine, story):
    machine.run("install -d -o zeek /srv/gone3")
    machine.create("bad", **of_role("LOGGER", "bad"), directory="/srv/gone3", env=STAY)
    machine.create("good", **of_role("WORKER", "good"), env=STAY)
    machine.run("chmod 0 /srv/gone3")
    before = machine.node("good")["PID"]
    with pytest.raises(BusError, match="LaunchFailed: node 'bad'"):
        machine.call("Restart", "s", "")
    assert machine.node("good")["PID"] != before and machine.node("good")["State"] == "running"


def test_a_node_that_is_given_up_explains_itself(machine, story):
    machine.expect("is given up")
    complaints = [f"esay=complaint {n}" for n in range(12)]
    machine.create("explains", **of_role("PROXY", "explains"), env=play("say=all is well", *complaints, "early", "exit=7"))
    story.wait("explains", State="failed")
    (entry,) = machine.journal("ZEEK_NODE=explains", f"MESSAGE_ID={GIVEN_UP}")
    words = "\n".join(f"complaint {n}" for n in range(2, 12))
    assert entry["ZEEK_LAST_OUTPUT"] == words
    assert entry["MESSAGE"].startswith('Node "explains" is given up: it exited with status 7, after 4 attempts') and entry["MESSAGE"].endswith(f"it said last:\n{words}")
