# SPDX-License-Identifier: BSD-3-Clause
"""Status: every field, with its type, at each stage of a node's life."""

import contextlib
import json
import time

import pytest
from bus import BusError, node_path
from nodes import CLD_EXITED, STAY, create_ready, member, of_role, play, scope

pytestmark = pytest.mark.usefixtures("tidy")

ALWAYS = dict(node="a{sv}", state="s", role="s", origin="s", scope="s", restarts="u", since_usec="t", ready="b", last_output="as")
STARTED = dict(pid="u", started_usec="t")
ENDED = dict(exit_code="i", exit_status="i", out_of_memory="b")
FIGURES = dict(memory_current="t", cpu_usage_nsec="t", tasks_current="t")  # where the kernel counts them

NODE_CONFIG = dict(
    name="s",
    interface="s",
    pcap_file="s",
    directory="s",
    stdout_file="s",
    stderr_file="s",
    bare_mode="b",
    addl_base_scripts="as",
    addl_user_scripts="as",
    env="a{ss}",
    cpu_affinity="i",
    cluster="a{sa{sv}}",
    restart="s",
    stop_timeout_usec="t",
    memory_max="t",
    memory_high="t",
    memory_swap_max="t",
    tasks_max="t",
    cpu_quota_per_sec_usec="t",
    cpu_weight="t",
    io_weight="t",
    allowed_cpus="s",
    nice="i",
    seccomp="s",
)
ENDPOINT = dict(role="s", host="s", p="q", interface="s", pcap_file="s", metrics_port="q")


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/status.conf",
        "[Proxy]\nRestartDelaySec=1h\n[Manager]\nRestartPreventExitStatus=3\n",
    )


def raw_status(machine, name):
    """The reply as busctl writes it, which has the type of each value."""
    call = "busctl --json=short call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor Status s".split()
    reply = json.loads(machine.run([*call, name]).stdout)
    assert reply["type"] == "a{sa{sv}}"
    return reply["data"][0]


def types(dictionary):
    return {key: value["type"] for key, value in dictionary.items()}


def types_of_life(machine, name="node"):
    """Of a NodeStatus, without what this kernel may or may not count."""
    return {key: kind for key, kind in types(raw_status(machine, name)[name]).items() if key not in FIGURES}


@contextlib.contextmanager
def frozen_stem(machine):
    """Launches take as long as the context lasts."""
    pid = str(machine.bus.get("StemPID"))
    machine.run(["kill", "-STOP", pid])
    try:
        yield
    finally:
        machine.run(["kill", "-CONT", pid])


# Fields and types


def test_a_running_node_has_these_fields(machine):
    machine.create("node", env=STAY)
    status = raw_status(machine, "node")["node"]
    assert types_of_life(machine) == ALWAYS | STARTED
    assert types(status).items() <= (ALWAYS | STARTED | FIGURES).items()
    assert status["cpu_usage_nsec"]["data"] > 0


def test_a_node_that_never_ran_has_no_process(machine, story):
    with frozen_stem(machine):
        create = machine.bus.start_call("Create", "a{sv}", {"name": "node", "env": STAY})
        starting = story.wait("node", State="starting")
        assert types_of_life(machine) == ALWAYS
        status = machine.status("node")["node"]
        assert (status["state"], status["ready"], status["restarts"]) == ("starting", False, 0)
        assert status["since_usec"] == starting["StateSinceUSec"]
    assert create.result() == ""


def test_a_stopping_node_still_has_its_process(machine, story):
    create_ready(machine, "node", env=play("slow-term=60000", "stay"))
    destroy = machine.bus.start_call("Destroy", "s", "node")
    story.wait("node", State="stopping")
    assert types_of_life(machine) == ALWAYS | STARTED
    status = machine.status("node")["node"]
    assert (status["state"], status["ready"]) == ("stopping", False)
    machine.run(["kill", "-KILL", str(status["pid"])])
    assert destroy.result() is True


def test_a_waiting_node_tells_how_it_ended_and_when_it_is_started(machine, story):
    machine.create("node", **of_role("PROXY", "node"), env=play("exit=6"))
    waiting = story.wait("node", State="waiting")
    assert types_of_life(machine) == ALWAYS | STARTED | ENDED | dict(next_restart_usec="t")
    status = machine.status("node")["node"]
    assert (status["exit_code"], status["exit_status"], status["pid"]) == (CLD_EXITED, 6, waiting["PID"])
    hour = status["next_restart_usec"] - status["started_usec"]
    assert 3_590_000_000 < hour <= 3_600_000_000


@pytest.mark.parametrize("state, more", [("finished", dict(restart="never")), ("failed", of_role("MANAGER", "node"))])
def test_a_node_at_rest_tells_how_it_ended(machine, story, state, more):
    if state == "failed":
        machine.expect("is given up")
    machine.create("node", env=play("exit=3"), **more)
    story.wait("node", State=state)
    assert types_of_life(machine) == ALWAYS | STARTED | ENDED
    machine.wait_for(lambda: machine.scopes() == [])
    assert types(raw_status(machine, "node")["node"]) == ALWAYS | STARTED | ENDED  # there is nothing to count


def test_after_a_restart_the_last_end_is_still_known(machine):
    create_ready(machine, "node", env=play("stay", "term-exit=9"))
    machine.call("Restart", "s", "node")
    assert types_of_life(machine) == ALWAYS | STARTED | ENDED


def test_the_object_says_the_same(machine):
    machine.create("node", env=STAY)
    machine.wait_for(lambda: machine.node("node")["Ready"])
    status, properties = machine.status("node")["node"], machine.node("node")
    names = dict(State="state", Role="role", Scope="scope", NRestarts="restarts", StateSinceUSec="since_usec", Ready="ready")
    names |= dict(PID="pid", StartedUSec="started_usec", LastOutput="last_output", Config="node")
    assert {ours: properties[name] for name, ours in names.items()} == {ours: status[ours] for ours in names.values()}


# The configuration


def test_the_configuration_comes_back_as_it_was_given(machine):
    config = dict(
        interface="lo",
        directory="/var/tmp/node",
        stdout_file="out",
        stderr_file="err",
        bare_mode=False,
        addl_base_scripts=[],
        addl_user_scripts=["policy/tuning/json-logs", "policy/misc/loaded-scripts"],
        env=STAY | {"EMPTY": "", "TEXT": "ä = \t☃"},
        cpu_affinity=0,
        cluster={
            "node": member("WORKER", p=1, interface="lo", metrics_port=65535),
            "other": {"role": "Supervisor::MANAGER", "host": "::1", "p": 0, "pcap_file": "x.pcap"},
            "third": member("NONE"),
        },
        restart="on-failure",
        stop_timeout_usec=0,
        memory_max=2**40,
        memory_high=2**40 - 1,
        memory_swap_max=0,
        tasks_max=2**64 - 1,
        cpu_quota_per_sec_usec=10**6,
        cpu_weight=1,
        io_weight=10000,
        allowed_cpus="0",
        nice=-3,
        seccomp="none",
    )
    machine.create("node", **config)
    status = raw_status(machine, "node")["node"]
    assert types(status["node"]["data"]) == {key: kind for key, kind in NODE_CONFIG.items() if key != "pcap_file"}
    cluster = status["node"]["data"]["cluster"]["data"]
    for name, endpoint in cluster.items():
        assert types(endpoint) == {key: ENDPOINT[key] for key in config["cluster"][name]}
    assert machine.status("node")["node"]["node"] == {"name": "node", **config}
    machine.run("rm -r /var/tmp/node")


def test_what_was_not_given_is_not_there(machine):
    machine.create("node", pcap_file="none.pcap", restart="never")
    assert types(raw_status(machine, "node")["node"]["node"]["data"]) == dict(name="s", pcap_file="s", restart="s")


def test_empty_lists_and_tables_are_kept(machine):
    empty = "busctl call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor Create a{sv} 5 name s node "
    empty += "addl_base_scripts as 0 cluster a{sa{sv}} 0 bare_mode b false env a{ss} 1 ZEEK_STANDIN stay"
    machine.run(empty.split())
    expected = {"name": "node", "addl_base_scripts": [], "cluster": {}, "bare_mode": False, "env": STAY}
    assert machine.status("node")["node"]["node"] == expected
    assert machine.status("node")["node"]["role"] == "standalone"


# Which nodes


def test_all_or_one_or_none(machine):
    for name in "one", "two":
        machine.create(name, env=STAY)
    assert set(machine.status()) == {"one", "two"}
    assert set(machine.status("one")) == {"one"}
    assert machine.status("three") == {} and machine.status("on") == {} and machine.status("One") == {}


def test_a_destroyed_node_has_no_status(machine):
    machine.create("node", env=STAY)
    machine.call("Destroy", "s", "node")
    assert machine.status("node") == machine.status() == {}


@pytest.mark.parametrize("role", ["LOGGER", "MANAGER", "PROXY", "WORKER", "NONE", "Supervisor::WORKER", "Supervisor::NONE"])
def test_roles_are_spelled_in_lower_case(machine, role):
    machine.create("node", **of_role(role, "node"), env=STAY)
    expected = role.removeprefix("Supervisor::").lower().replace("none", "standalone")
    assert machine.status("node")["node"]["role"] == machine.node("node")["Role"] == expected


def test_a_node_has_the_role_of_its_own_entry(machine):
    machine.create("b", cluster={"a": member("WORKER"), "b": member("PROXY"), "c": member("MANAGER")}, env=STAY)
    status = machine.status("b")["b"]
    assert (status["role"], status["origin"], status["scope"]) == ("proxy", "runtime", scope("b"))


def test_times_are_those_of_the_clock(machine):
    before = time.time_ns() // 1000
    machine.create("node", env=STAY)
    status = machine.status("node")["node"]
    assert before <= status["started_usec"] == status["since_usec"] <= time.time_ns() // 1000


# What it uses


def cpu_usage(machine):
    return machine.status("busy")["busy"]["cpu_usage_nsec"]


def test_used_time_is_counted_from_each_start_on(machine):
    machine.create("busy", env=play("spin"))
    machine.wait_for(lambda: cpu_usage(machine) > 300_000_000, what="300 ms to be used up")
    machine.call("Restart", "s", "busy")
    assert 0 < cpu_usage(machine) < 300_000_000
    machine.wait_for(lambda: cpu_usage(machine) > 300_000_000)


# What it said last


def last_output(machine, name, wanted):
    """The lines, once they are as wanted."""
    machine.wait_for(lambda: machine.status(name)[name]["last_output"] == wanted, what=f"the last output to be {wanted}")
    return machine.node(name)["LastOutput"]


def test_the_last_fifty_lines_are_kept(machine):
    machine.create("node", env=play("print=120", "stay"))
    wanted = [f"line {n}" for n in range(71, 121)]
    assert last_output(machine, "node", wanted) == wanted


def test_lines_of_both_streams_are_kept_in_their_order(machine):
    behaviour = ["say=one", "sleep=100", "esay=two", "sleep=100", "say=three", "stay"]
    machine.create("node", env=play(*behaviour))
    last_output(machine, "node", ["one", "two", "three"])


def test_long_lines_are_kept_in_part(machine):
    machine.create("node", env=play("print=1", "bytes=2000", "stay"))
    last_output(machine, "node", ["line 1 " + 505 * "."])


def test_what_a_string_cannot_hold_is_escaped(machine):
    machine.create("node", env=play("raw=61ff00c3a409c328e298830a", "stay"))
    (line,) = machine.wait_for(lambda: machine.status("node")["node"]["last_output"])
    assert line == "a\\xff\\x00ä\t\\xc3(☃"


def test_the_last_output_survives_a_crash(machine, story):
    machine.create("node", **of_role("PROXY", "node"), env=play("say=before the end", "exit=1"))
    story.wait("node", State="waiting")
    machine.wait_for(lambda: machine.scopes() == [])
    assert "before the end" in machine.status("node")["node"]["last_output"]


def test_lines_are_counted_and_told_of(machine, story):
    machine.create("node", env=play("print=1000", "stay"))
    told = story.wait("node", LinesForwarded=1000)
    assert (told["LinesSuppressed"], told["LinesDropped"]) == (0, 0)
    assert told["LastOutput"][-1] == "line 1000"
    assert len([s for s in story.signals.named("PropertiesChanged") if "LinesForwarded" in s.arguments[1]]) <= 3


# The object's methods that are not the manager's


def kill(machine, number, name="node"):
    machine.call("Kill", "i", number, path=node_path(name), interface="org.zeek.Supervisor.Node")


@pytest.mark.parametrize("number", [0, -1, -9, 65, 66, 4096, 2**31 - 1, -(2**31)])
def test_only_signals_can_be_sent(machine, number):
    machine.create("node", env=STAY)
    with pytest.raises(BusError) as error:
        kill(machine, number)
    assert (error.value.name, error.value.message) == (
        "org.freedesktop.DBus.Error.InvalidArgs",
        f"{number} is not the number of a signal",
    )


@pytest.mark.parametrize("number", [1, 2, 15, 9, 34, 64])
def test_a_signal_is_sent_to_the_main_process_and_its_end_is_like_any_other(machine, story, number):
    """The stand-in ends with status 0 after SIGINT and SIGTERM and goes on after SIGHUP, as Zeek does."""
    create_ready(machine, "node", **of_role("PROXY", "node"), env=play("children=1", "stay"))
    kill(machine, number)
    if number == 1:
        kill(machine, 15)
    waiting = story.wait("node", ExitCode=lambda code: code != 0)
    assert waiting["ExitStatus"] == (0 if number in (1, 2, 15) else number)


def test_a_node_that_does_not_run_takes_no_signal_and_no_harm(machine, story):
    machine.create("node", **of_role("PROXY", "node"), env=play("exit=1"))
    waiting = story.wait("node", State="waiting")
    machine.wait_for(lambda: machine.scopes() == [])
    kill(machine, 9)
    assert machine.node("node")["StateSinceUSec"] == waiting["StateSinceUSec"]


@pytest.mark.parametrize("member", ["Destroy", "Restart"])
def test_the_objects_methods_are_the_managers(machine, story, member):
    machine.create("a.node-1", env=STAY)
    first = machine.node("a.node-1")["PID"]
    options = dict(path=node_path("a.node-1"), interface="org.zeek.Supervisor.Node")
    assert machine.call(member, **options) is True
    if member == "Restart":
        assert machine.node("a.node-1")["PID"] != first
    else:
        assert machine.status() == {}


@pytest.mark.parametrize("name", ["nobody", "", "node_2", "x/y"])
def test_there_is_no_object_without_a_node(machine, name):
    machine.create("node-2", env=STAY)
    path = f"/org/zeek/Supervisor/node/{name}".rstrip("/")
    with pytest.raises(BusError, match="UnknownObject|UnknownMethod|UnknownInterface"):
        machine.call("Restart", path=path, interface="org.zeek.Supervisor.Node")


def test_tables_that_no_message_could_hold_are_left_out(machine):
    """Nine times four thousand entries; Status of one node still has its table."""
    members = {f"m{number}": member("WORKER") for number in range(4000)}
    names = [f"m{number}" for number in range(9)]
    for name in names[:-1]:
        machine.create(name, cluster=members)
    assert len(machine.status()[names[0]]["node"]["cluster"]) == 4000
    machine.create(names[-1], cluster=members)

    everything = machine.status()
    assert sorted(everything) == names
    for status in everything.values():
        assert status["cluster_omitted"] is True
        assert "cluster" not in status["node"]
    one = machine.status(names[0])[names[0]]
    assert len(one["node"]["cluster"]) == 4000
    assert "cluster_omitted" not in one


def test_many_may_ask_about_all_nodes_at_once(machine):
    machine.create("node", env=STAY)
    calls = [machine.bus.start_call("Status", "s", "") for _ in range(20)]
    assert all(list(call.result()) == ["node"] for call in calls)
