# SPDX-License-Identifier: BSD-3-Clause
"""The life of a node as a client sees it: created, ended, started again, stopped, destroyed."""

import re

import pytest

from bus import BusError, node_path

CLD_EXITED, CLD_KILLED = 1, 2


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/life.conf",
        "[Proxy]\nRestartAttempts=2\nRestartDelaySec=50ms\n"
        "[Manager]\nRestartPreventExitStatus=7\n"
        "[Logger]\nRestartDelaySec=50ms\n",
    )


@pytest.fixture(autouse=True)
def nothing_stays(machine):
    yield
    machine.call("Destroy", "s", "")
    assert machine.status() == {}
    assert machine.scopes() == []
    assert machine.run(["find", "/run/zeek-supervisor", "-type", "f"]).stdout == ""


def behave(*directives):
    return {"ZEEK_STANDIN": ",".join(directives)}


def member_of(role, name):
    return {name: {"role": role, "host": "127.0.0.1"}}


def alive(machine, pid):
    return machine.lab.path(f"/proc/{pid}").exists()


def processes(machine, name="worker"):
    return machine.processes(f"zeek.slice/zeek-standalone.slice/zeek-node-{name}.scope")


def wait_for_state(machine, name, state):
    def there():
        node = machine.status(name).get(name)
        return node if node and node["state"] == state else None

    return machine.wait_for(there, 20, f"{name} to be {state}")


def test_create_answers_when_the_program_runs_in_its_scope(machine):
    with machine.signals() as signals:
        assert machine.create("worker", env=behave("stay")) == ""
        status = machine.status("worker")["worker"]
        assert status["state"] == "running"
        assert status["pid"] in processes(machine)
        assert machine.lab.path(f"/proc/{status['pid']}/comm").read_text() == "zeek\n"
        assert machine.show("zeek-node-worker.scope")["Slice"] == "zeek-standalone.slice"

        signals.wait_for("NodeStatus", "worker", status["pid"])
        assert signals.wait_for("InterfacesAdded", node_path("worker"))
        machine.call("Destroy", "s", "worker")
        assert signals.wait_for("InterfacesRemoved", node_path("worker"))
    assert len(signals.named("NodeStatus")) == 1


def test_a_name_is_given_once(machine):
    machine.create("worker", env=behave("stay"))
    with pytest.raises(BusError, match="NodeExists: node with name 'worker' already exists"):
        machine.create("worker")


@pytest.mark.parametrize("member", ["Destroy", "Restart"])
def test_what_does_not_exist_cannot_be_stopped(machine, member):
    with pytest.raises(BusError, match="NoSuchNode"):
        machine.call(member, "s", "nobody")


def test_status_of_an_unknown_node_is_empty(machine):
    assert machine.status("nobody") == {}


def test_status_has_the_promised_fields(machine):
    machine.create("worker", env=behave("stay", "say=hello"))
    machine.wait_for(lambda: machine.status("worker")["worker"]["last_output"])
    status = machine.status()["worker"]
    assert status["node"] == {"name": "worker", "env": behave("stay", "say=hello")}
    assert {k: status[k] for k in ("state", "role", "origin", "scope", "restarts", "ready")} == {
        "state": "running",
        "role": "standalone",
        "origin": "runtime",
        "scope": "zeek-node-worker.scope",
        "restarts": 0,
        "ready": True,
    }
    assert status["last_output"] == ["hello"]
    assert status["started_usec"] == status["since_usec"] > 1_700_000_000_000_000
    assert status["cpu_usage_nsec"] > 0
    assert "exit_code" not in status and "next_restart_usec" not in status


def test_an_ended_node_is_started_again_and_says_how_it_ended(machine):
    with machine.signals() as signals:
        machine.create("worker", env=behave("stay"))
        first = machine.status("worker")["worker"]["pid"]
        machine.run(["kill", "-9", str(first)])
        status = machine.wait_for(
            lambda: (s := machine.status("worker")["worker"])["state"] == "running" and s["pid"] != first and s
        )
        assert (status["exit_code"], status["exit_status"], status["restarts"]) == (CLD_KILLED, 9, 1)
        signals.wait_for("NodeStatus", "worker", status["pid"])
    assert [s.arguments[1] for s in signals.named("NodeStatus")] == [first, status["pid"]]


def test_a_clean_end_is_followed_by_a_start_too(machine):
    machine.create("worker", env=behave("exit", "after=10"))
    status = machine.wait_for(lambda: (s := machine.status("worker")["worker"])["restarts"] >= 1 and s)
    assert (status["exit_code"], status["exit_status"]) == (CLD_EXITED, 0)


def test_a_node_that_dies_at_once_waits_and_restart_starts_it_now(machine):
    machine.create("worker", env=behave("exit=3"))
    waiting = wait_for_state(machine, "worker", "waiting")
    assert 0 < waiting["next_restart_usec"] - waiting["since_usec"] <= 1_000_000
    assert machine.call("Restart", "s", "worker") is True
    assert machine.status("worker")["worker"]["restarts"] == 0


@pytest.mark.parametrize(
    "policy, behaviour, state",
    [
        ("never", "exit=3", "finished"),
        ("on-failure", "exit=0", "finished"),
        ("on-failure", "signal=TERM", "finished"),
        ("on-failure", "exit=3", "waiting"),
        ("always", "exit=0", "waiting"),
    ],
)
def test_the_restart_policy_decides(machine, policy, behaviour, state):
    machine.create("worker", restart=policy, env=behave(behaviour))
    wait_for_state(machine, "worker", state)


def test_attempts_are_limited_and_restart_brings_it_back(machine):
    machine.expect("is given up")
    machine.create("worker", cluster=member_of("PROXY", "worker"), env=behave("exit=3", "early"))
    failed = wait_for_state(machine, "worker", "failed")
    assert failed["restarts"] == 2
    assert machine.call("Restart", "s", "worker") is True


def test_an_exit_status_can_forbid_another_start(machine):
    machine.expect("is given up")
    machine.create("worker", cluster=member_of("MANAGER", "worker"), env=behave("exit=7", "early"))
    assert wait_for_state(machine, "worker", "failed")["restarts"] == 0


def test_restart_makes_a_new_process(machine):
    machine.create("worker", env=behave("stay"))
    first = machine.status("worker")["worker"]["pid"]
    assert machine.call("Restart", "s", "worker") is True
    status = machine.status("worker")["worker"]
    assert status["pid"] != first and status["state"] == "running"
    assert not alive(machine, first)


def test_destroy_answers_when_the_whole_tree_is_gone(machine):
    machine.create("worker", env=behave("children=3", "daemonize-child", "stay"))
    machine.wait_for(lambda: len(processes(machine)) == 5)
    tree = processes(machine)
    assert machine.call("Destroy", "s", "worker") is True
    assert not any(alive(machine, pid) for pid in tree)
    assert machine.scopes() == []


def test_who_ignores_sigterm_is_killed_after_its_timeout_with_all_its_children(machine):
    machine.create(
        "worker",
        stop_timeout_usec=300_000,
        env=behave("children=2", "children-ignore-term", "ignore-term", "stay"),
    )
    machine.wait_for(lambda: len(processes(machine)) == 3)
    tree = processes(machine)
    machine.call("Destroy", "s", "worker")
    assert not any(alive(machine, pid) for pid in tree)
    assert any("did not end in time" in e["MESSAGE"] for e in machine.journal("ZEEK_NODE=worker"))


def test_sigterm_is_sent_once(machine):
    machine.create("once", env=behave("slow-term=500", "say=up", "stay"))
    machine.wait_for(lambda: machine.output("once") == ["up"])
    machine.call("Destroy", "s", "once")
    lines = [line for line in machine.output("once", "stderr") if "termination signal" in line]
    assert len(lines) == 1


def test_what_a_dead_node_leaves_is_swept_out(machine):
    machine.create("worker", restart="never", env=behave("children=2", "exit=1", "after=200"))
    wait_for_state(machine, "worker", "finished")
    machine.wait_for(lambda: machine.scopes() == [])


def test_create_waits_for_the_end_of_its_predecessor(machine):
    machine.create("worker", env=behave("slow-term=400", "stay"))
    first = machine.status("worker")["worker"]["pid"]
    destroy = machine.bus.start_call("Destroy", "s", "worker")
    wait_for_state(machine, "worker", "stopping")
    create = machine.bus.start_call("Create", "a{sv}", {"name": "worker", "env": behave("stay")})
    assert destroy.result() is True
    assert create.result() == ""
    assert machine.status("worker")["worker"]["pid"] != first


def test_operations_on_one_node_take_their_turns(machine):
    machine.create("worker", env=behave("slow-term=200", "stay"))
    calls = [machine.bus.start_call("Restart", "s", "worker") for _ in range(3)]
    assert [call.result() for call in calls] == [True] * 3
    assert machine.status("worker")["worker"]["state"] == "running"


def test_one_slow_node_holds_up_no_other(machine):
    machine.create("slow", stop_timeout_usec=60_000_000, env=behave("ignore-term", "stay"))
    machine.create("quick", env=behave("stay"))
    slow = machine.bus.start_call("Destroy", "s", "slow")
    wait_for_state(machine, "slow", "stopping")
    assert machine.call("Restart", "s", "quick") is True
    assert machine.call("Destroy", "s", "quick") is True
    assert not slow.done()
    machine.run(["kill", "-9", str(machine.status("slow")["slow"]["pid"])])
    assert slow.result() is True


def test_all_nodes_stop_role_by_role(machine):
    roles = {"logger-1": "LOGGER", "manager": "MANAGER", "proxy-1": "PROXY", "worker-1": "WORKER", "worker-2": "WORKER"}
    cluster = {name: {"role": role, "host": "127.0.0.1"} for name, role in roles.items()}
    for name in roles:
        machine.create(name, cluster=cluster, env=behave("slow-term=50"))
    machine.call("Destroy", "s", "")
    ends = [e["ZEEK_ROLE"] for e in machine.journal("MESSAGE_ID=ced6e487fe1c459489d82fb2bf50c70c")][-5:]
    assert ends == ["worker", "worker", "proxy", "manager", "logger"]


def test_the_object_of_a_node_does_what_the_manager_does(machine):
    def on_node(member, signature="", *values):
        return machine.call(member, signature, *values, path=node_path("worker"), interface="org.zeek.Supervisor.Node")

    machine.create("worker", env=behave("stay"))
    first = machine.node("worker")["PID"]
    assert on_node("Restart") is True
    assert machine.node("worker")["PID"] != first
    for number in (0, -1, 65, 4096):
        with pytest.raises(BusError, match="InvalidArgs"):
            on_node("Kill", "i", number)
    on_node("Kill", "i", 9)
    machine.wait_for(lambda: machine.node("worker")["ExitStatus"] == 9)
    assert on_node("Destroy") is True


def test_properties_tell_the_story(machine):
    with machine.signals() as signals:
        machine.create("worker", env=behave("stay"))
        machine.run(["kill", "-9", str(machine.status("worker")["worker"]["pid"])])
        machine.wait_for(lambda: (n := machine.node("worker"))["NRestarts"] == 1 and n["State"] == "running")
        machine.call("Destroy", "s", "worker")
        signals.wait_for("InterfacesRemoved", node_path("worker"))

    states = [
        s.arguments[1]["State"]
        for s in signals.named("PropertiesChanged")
        if s.path == node_path("worker") and "State" in s.arguments[1]
    ]
    assert re.fullmatch("(starting )*(running )+(waiting )+(starting )+(running )+(stopping )+", " ".join(states) + " ")


def test_a_node_can_ask_who_it_is(machine):
    ask = (
        "for m in IsSupervised IsSupervisor Node; do "
        "busctl call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor $m; done"
    )
    machine.create("asker", env={"ZEEK_STANDIN": "stay,exec=" + ask})
    lines = machine.wait_for(lambda: len(lines := machine.output("asker")) >= 3 and lines)
    assert lines[:2] == ["b true", "b false"]
    assert '"name" s "asker"' in lines[2]

    assert machine.call("IsSupervised") is False
    assert machine.call("IsSupervisor") is False
    with pytest.raises(BusError, match="NotSupervised"):
        machine.call("Node")


def test_two_hundred_at_once(machine):
    script = """
import dbus, dbus.mainloop.glib, sys
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
supervisor = dbus.Interface(dbus.SystemBus().get_object("org.zeek.Supervisor", "/org/zeek/Supervisor"), "org.zeek.Supervisor")
loop, left, failures = GLib.MainLoop(), [200], []
def done(*_):
    left[0] -= 1
    left[0] or loop.quit()
for n in range(200):
    supervisor.Create({"name": f"n{n}", "env": dbus.Dictionary({"ZEEK_STANDIN": "stay"}, signature="ss")},
                      reply_handler=done, error_handler=lambda e: (failures.append(str(e)), done()), timeout=60)
loop.run()
sys.exit(failures[0] if failures else 0)
"""
    machine.run(["/usr/bin/python3", "-c", script], timeout=120)
    status = machine.status()
    assert len(status) == 200 and {node["state"] for node in status.values()} == {"running"}
    assert len({node["pid"] for node in status.values()}) == 200
