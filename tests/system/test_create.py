# SPDX-License-Identifier: BSD-3-Clause
"""Create: the answer comes when the program runs in its scope; what fails leaves nothing behind."""

import pytest
from bus import MANAGER_PATH, NODE, BusError, node_path
from dbus_wire import NO_REPLY_EXPECTED
from faults import STEM, frozen
from nodes import DIRECTORIES, STAY, of_role, play, scope, tree
from raw_bus import RawBus

pytestmark = pytest.mark.usefixtures("tidy")

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
SLICES = {
    "LOGGER": ("logger", "zeek-loggers.slice"),
    "MANAGER": ("manager", "zeek-managers.slice"),
    "PROXY": ("proxy", "zeek-proxies.slice"),
    "WORKER": ("worker", "zeek-workers.slice"),
    "NONE": ("standalone", "zeek-standalone.slice"),
}


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/create.conf",
        "[Worker]\nRestartDelaySec=1h\n"
        "[Proxy]\nRestartAttempts=1\nRestartDelaySec=50ms\n"
        "[Manager]\nRestart=never\n",
    )


@pytest.fixture
def client(machine):
    """Its calls reach the supervisor in the order in which it sends them."""
    with RawBus(machine.lab) as client:
        yield client


def create_fails(machine, **config):
    with pytest.raises(BusError) as error:
        machine.create("node", **config)
    return error.value


# What there is when the answer is there


def test_the_answer_is_empty_and_the_program_runs_in_its_scope(machine):
    assert machine.create("node", env=STAY) == ""
    status = machine.status("node")["node"]
    assert status["state"] == "running" and tree(machine, "node") == [status["pid"]]
    command = machine.lab.path(f"/proc/{status['pid']}/cmdline").read_text().split("\0")
    assert command[0] == "/opt/zeek/bin/zeek"


@pytest.mark.parametrize("role", SLICES)
def test_a_node_runs_in_the_slice_of_its_role(machine, role):
    name, slice = SLICES[role]
    machine.create("node-1", **of_role(role, "node-1"), env=STAY)
    assert machine.show(scope("node-1"))["ControlGroup"] == rf"/zeek.slice/{slice}/zeek-node-node\x2d1.scope"
    assert machine.status("node-1")["node-1"]["role"] == name


def test_a_node_without_a_cluster_stands_alone(machine):
    machine.create("node", env=STAY)
    assert machine.show(scope("node"))["Slice"] == "zeek-standalone.slice"


def test_the_scope_is_what_an_administrator_expects(machine):
    machine.create("worker-1", **of_role("WORKER", "worker-1"), env=STAY)
    unit = machine.show(scope("worker-1"))
    expected = {
        "Description": "Zeek worker worker-1",
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "Transient": "yes",
        "CollectMode": "inactive-or-failed",
        "Delegate": "no",
        "OOMPolicy": "kill",  # all of it goes together; what follows is for us to decide
        "Slice": "zeek-workers.slice",
    }
    assert {key: unit[key] for key in expected} == expected
    assert "zeek-supervisor.service" in unit["Before"].split()  # at shutdown it is stopped first, and then stops them
    assert "zeek-workers.slice" in unit["Requires"].split()


def test_status_is_told_once_with_the_process(machine, story):
    machine.create("node", env=STAY)
    pid = machine.status("node")["node"]["pid"]
    machine.call("Destroy", "s", "node")
    story.wait_gone("node")
    assert story.starts("node") == [pid]


# The object


def test_the_object_appears_with_all_it_has_and_disappears(machine, story):
    machine.create("node", env=STAY, nice=3)
    path, added = story.signals.wait_for("InterfacesAdded", node_path("node")).arguments
    assert set(added) == {NODE, *(f"org.freedesktop.DBus.{name}" for name in ("Peer", "Introspectable", "Properties"))}
    assert set(added[NODE]) == set(machine.node("node"))
    first = {"Name": "node", "State": "starting", "PID": 0, "NRestarts": 0, "StartedUSec": 0, "Ready": False}
    assert {key: added[NODE][key] for key in first} == first
    assert added[NODE]["Config"] == {"name": "node", "env": STAY, "nice": 3}

    machine.wait_for(lambda: machine.node("node")["Ready"])
    objects = machine.bus.call("GetManagedObjects", interface=OBJECT_MANAGER)
    assert objects == {path: {name: machine.node("node") if name == NODE else {} for name in added}}

    machine.call("Destroy", "s", "node")
    gone, interfaces = story.wait_gone("node").arguments
    assert gone == path and set(interfaces) == set(added)
    assert machine.bus.call("GetManagedObjects", interface=OBJECT_MANAGER) == {}
    with pytest.raises(BusError, match="UnknownObject"):
        machine.node("node")


def test_properties_tell_of_the_start(machine, story):
    machine.create("node", env=STAY)
    story.wait("node", State="running")
    started = story.wait("node", Ready=True)
    properties = machine.node("node")
    for name in "PID", "StartedUSec", "StateSinceUSec", "Ready", "Scope", "Role", "NRestarts", "ExitCode", "NextRestartUSec":
        assert started[name] == properties[name], name
    assert started["PID"] > 0
    assert started["StartedUSec"] == started["StateSinceUSec"] > 1_700_000_000_000_000
    assert story.states("node") == ["starting", "running"]


def test_the_manager_counts_its_nodes(machine, story):
    machine.create("one", env=STAY)
    machine.create("two", env=STAY)
    assert machine.bus.get("NNodes") == 2
    machine.call("Destroy", "s", "")

    def counts():
        return [s.arguments[1]["NNodes"] for s in story.signals.named("PropertiesChanged") if s.path == MANAGER_PATH]

    story.signals.wait_until(lambda: counts()[-1:] == [0])
    assert set(counts()) >= {1, 2}


@pytest.mark.parametrize("name", ["a", "0", "9.a_B-c", "node", "x" * 64, "a" + "-" * 59, "a.scope", "A..b--c"])
def test_every_name_that_is_allowed_works(machine, name):
    machine.create(name, env=STAY)
    assert machine.node(name)["Scope"] == scope(name)
    assert machine.scopes() == [scope(name)]
    machine.call("Destroy", "s", name)


def test_names_that_differ_in_case_are_different_nodes(machine):
    machine.create("node", env=STAY)
    machine.create("Node", env=STAY)
    assert set(machine.status()) == {"node", "Node"}


def test_nobody_has_to_wait_for_the_answer(client, story):
    client.send("Create", "a{sv}", {"name": "node", "env": STAY}, flags=NO_REPLY_EXPECTED)
    story.wait("node", State="running")


# One name, several requests


@pytest.mark.parametrize(
    "state, role, behaviour",
    [
        ("running", "WORKER", "stay"),
        ("waiting", "WORKER", "exit"),
        ("failed", "PROXY", "exit"),
        ("finished", "MANAGER", "exit"),
    ],
)
def test_a_name_is_given_once_whatever_became_of_its_node(machine, story, state, role, behaviour):
    if state == "failed":
        machine.expect("is given up")
    machine.create("node", **of_role(role, "node"), env=play(behaviour))
    before = story.wait("node", State=state)
    error = create_fails(machine, env=STAY)
    assert (error.name, error.message) == (
        "org.zeek.Supervisor.Error.NodeExists",
        "node with name 'node' already exists",
    )
    assert machine.node("node")["StateSinceUSec"] == before["StateSinceUSec"]


def test_of_many_who_want_a_name_one_gets_it(client, story):
    calls = [client.send("Create", "a{sv}", {"name": "node", "env": STAY, "nice": n}) for n in range(8)]
    assert client.reply(calls[0]) == ""
    for call in calls[1:]:
        with pytest.raises(BusError, match="NodeExists"):
            client.reply(call)
    assert client.call("Status", "s", "node")["node"]["node"]["nice"] == 0
    client.call("Destroy", "s", "")
    story.wait_gone("node")
    assert len(story.signals.named("InterfacesAdded")) == 1


def test_create_waits_for_a_node_that_is_stopping(machine, story):
    machine.create("node", env=play("slow-term=300", "stay"))
    first = story.wait("node", State="running")
    destroy = machine.bus.start_call("Destroy", "s", "node")
    story.wait("node", State="stopping")
    create = machine.bus.start_call("Create", "a{sv}", {"name": "node", "env": STAY, "nice": 4})
    assert destroy.result() is True and create.result() == ""
    second = machine.status("node")["node"]
    assert second["pid"] != first["PID"] and second["node"]["nice"] == 4 and second["restarts"] == 0
    assert "exit_code" not in second  # it is another node, not another start
    story.wait("node", PID=second["pid"])
    assert [s.member for s in story.signals.seen if s.member.startswith("Interfaces")] == [
        "InterfacesAdded",
        "InterfacesRemoved",
        "InterfacesAdded",
    ]


def test_requests_for_one_name_take_their_turns(client, story):
    config = {"name": "node", "env": STAY}
    requests = [("Create", "a{sv}", config), ("Destroy", "s", "node")] * 3 + [("Create", "a{sv}", config)]
    requests += [("Restart", "s", "node")] * 2
    calls = [client.send(*request) for request in requests]
    assert [client.reply(call) for call in calls] == ["", True] * 3 + ["", True, True]
    story.wait("node", State="running", PID=client.call("Status", "s", "node")["node"]["pid"])
    assert len(story.starts("node")) == len(set(story.starts("node"))) == 6


ORDERS = 32  # start-queue.h


def test_who_has_no_turn_yet_waits_here_and_not_with_the_stem(client, machine):
    ordered = machine.lab.path("/run/zeek-supervisor/nodes").iterdir  # files of those whose order was made
    names = [f"n{i}" for i in range(3 * ORDERS)]
    with frozen(machine, STEM):
        calls = [client.send("Create", "a{sv}", {"name": name, "env": STAY}) for name in names]
        machine.wait_for(lambda: len(client.call("Status", "s", "")) == len(names))
        assert len(list(ordered())) == ORDERS
    assert [client.reply(call) for call in calls] == [""] * len(calls)
    assert len(machine.scopes()) == len(calls)


# What fails leaves nothing; test_launch_failure.py has more of that


def test_the_object_of_a_failed_start_disappears(machine, story):
    assert create_fails(machine, directory="/etc/passwd").name == "org.zeek.Supervisor.Error.LaunchFailed"
    story.wait_gone("node")
    assert story.starts("node") == []
    assert machine.create("node", env=STAY) == ""


def test_a_name_is_taken_as_long_as_its_start_is_under_way_and_free_once_that_failed(client, machine):
    bad = {"name": "node", "directory": "/etc/passwd"}
    with frozen(machine, STEM):
        calls = [client.send("Create", "a{sv}", bad) for _ in range(2)]
        with pytest.raises(BusError, match="NodeExists"):
            client.reply(calls[1])
    with pytest.raises(BusError, match="LaunchFailed"):
        client.reply(calls[0])
    assert client.create({"name": "node", "env": STAY}) == ""


def test_a_burst_of_failures_leaves_nothing(client, machine):
    calls = [
        client.send("Create", "a{sv}", {"name": f"n{i}", "directory": f"deep-{i}/er", "stdout_file": "missing/out"})
        for i in range(50)
    ]
    for call in calls:
        with pytest.raises(BusError, match="LaunchFailed"):
            client.reply(call)
    assert client.call("Status", "s", "") == {} and machine.scopes() == []
    assert machine.run(["ls", DIRECTORIES]).stdout == ""


def failures_at_once(client, configs):
    calls = [client.send("Create", "a{sv}", config) for config in configs]
    for call in calls:
        with pytest.raises(BusError, match="LaunchFailed"):
            client.reply(call)


def test_failures_at_once_leave_nothing_of_the_directories_that_they_have_in_common(client, machine):
    for _ in range(2):
        parents = "s/" * 500  # which takes a while, so that they meet
        failures_at_once(
            client,
            [
                {"name": f"n{i}", "directory": f"{parents}/{i % 3}/d{i % 10}", "stdout_file": "missing/out"}
                for i in range(30)
            ],
        )
        assert machine.run(["ls", DIRECTORIES]).stdout == ""
