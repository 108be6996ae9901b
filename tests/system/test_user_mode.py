# SPDX-License-Identifier: BSD-3-Clause
"""The supervisor of one user: the same API on the user's bus, with the user's service manager, rights and journal."""

import pytest
from bus import NODE, BusError, node_path
from journal import entries
from nodes import STAY, play, scope

ALICE, BOB = "alice", "bob"



@pytest.fixture(scope="module")
def users(machine_of_module):
    machine = machine_of_module
    for user in ALICE, BOB:
        machine.lab.add_user(user)
        machine.lab.start_user_manager(user)
    return machine


@pytest.fixture
def alice(users, machine):
    bus = machine.bus_of(ALICE)
    yield bus
    bus.call("Destroy", "s", "")
    assert machine.scopes(user=ALICE) == []


def create(bus, name, **config):
    return bus.call("Create", "a{sv}", {"name": name, **config})


def properties(bus, name):
    return bus.get_all(path=node_path(name), interface=NODE)


def lines(machine, user, name):
    """As the user finds them."""
    return [e["MESSAGE"] for e in entries(machine.lab, "--user", f"ZEEK_NODE={name}", "ZEEK_STREAM=stdout", user=user)]


def test_the_first_call_starts_it(users, machine):
    machine.run("systemctl --user stop zeek-supervisor zeek-stem zeek-stem.socket", user=BOB)
    assert machine.bus_of(BOB).get("Features") == ["user-mode"]
    assert machine.show("zeek-supervisor.service", user=BOB)["ActiveState"] == "active"


def test_a_node_is_the_users(alice, machine):
    assert create(alice, "mine-1", env=play("say=hello", "stay")) == ""
    node = properties(alice, "mine-1")
    assert node["State"] == "running" and node["Scope"] == scope("mine-1")
    status = machine.run(["cat", f"/proc/{node['PID']}/status"]).stdout
    uid = machine.lab.uid(ALICE)
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status and "CapEff:\t0000000000000000" in status
    shown = machine.show(scope("mine-1"), user=ALICE)
    assert shown["ActiveState"] == "active" and f"/user@{uid}.service/zeek.slice/" in shown["ControlGroup"]


def test_its_lines_are_in_the_users_journal(alice, machine):
    create(alice, "speaks", env=play("say=hello", "stay"))
    machine.wait_for(lambda: lines(machine, ALICE, "speaks") == ["hello"])
    assert lines(machine, BOB, "speaks") == []
    (entry,) = machine.journal("ZEEK_NODE=speaks", "ZEEK_STREAM=stdout")
    assert entry["_UID"] == str(machine.lab.uid(ALICE)) and "OBJECT_SYSTEMD_USER_UNIT" in entry
    output = machine.run(f"journalctl --user --no-pager -o cat _SYSTEMD_USER_UNIT=zeek-supervisor.service ZEEK_NODE=speaks", user=ALICE)
    assert "hello" in output.stdout


def test_it_asks_zeek_for_its_version(alice):
    assert alice.get("ZeekVersion") == "7.0.11"


def test_a_users_cluster_is_in_the_users_file_and_not_in_the_systems(alice, machine):
    node_cfg = "[{}]\ntype=standalone\nhost=localhost\nenv_vars=ZEEK_STANDIN=stay\n"
    machine.lab.write("/etc/zeek-supervisor/node.cfg", node_cfg.format("systems"))
    alice.call("Reload")
    assert alice.call("Status", "s", "") == {}

    directory = f"/home/{ALICE}/.config/zeek-supervisor"
    machine.run(f"mkdir -p {directory}; echo '{node_cfg.format('users')}' >{directory}/node.cfg", user=ALICE)
    alice.call("Reload")
    status = alice.call("Status", "s", "")
    assert list(status) == ["users"] and status["users"]["origin"] == "static"
    machine.run(f"rm /etc/zeek-supervisor/node.cfg {directory}/node.cfg")


def test_the_whole_api_works_without_root(alice, machine):
    create(alice, "node", env=STAY)
    first = properties(alice, "node")["PID"]
    assert alice.call("Restart", "s", "node") is True
    second = properties(alice, "node")["PID"]
    assert second != first
    machine.run(["kill", "-KILL", str(second)])
    machine.wait_for(lambda: properties(alice, "node")["NRestarts"] == 1 and properties(alice, "node")["State"] == "running")
    alice.call("Reload")
    assert alice.call("Destroy", "s", "node") is True
    assert alice.call("Status", "s", "") == {}


def test_what_a_user_cannot_have_is_refused(alice):
    with pytest.raises(BusError, match="LaunchFailed: node 'node': .*Permission denied"):
        create(alice, "node", directory="/root/x", env=STAY)
    assert alice.call("Status", "s", "") == {}


def test_supervisors_do_not_know_of_each_other(alice, machine):
    create(alice, "same", env=STAY)
    create(machine.bus_of(BOB), "same", env=STAY)
    machine.create("same", env=STAY)
    pids = {properties(bus, "same")["PID"] for bus in (alice, machine.bus_of(BOB), machine.bus)}
    assert len(pids) == 3
    machine.bus_of(BOB).call("Destroy", "s", "")
    machine.call("Destroy", "s", "")
    assert properties(alice, "same")["State"] == "running"


def test_nodes_outlive_its_daemons_too(alice, machine):
    for unit in "zeek-supervisor", "zeek-stem":
        machine.expect(f"{unit}.service: Failed with result")
    create(alice, "lasting", env=STAY)
    pid = properties(alice, "lasting")["PID"]
    for unit in "zeek-supervisor", "zeek-stem":
        before = machine.show(f"{unit}.service", user=ALICE)["MainPID"]
        machine.run(f"systemctl --user kill --kill-whom=main --signal=KILL {unit}", user=ALICE)
        machine.wait_for(lambda: machine.show(f"{unit}.service", user=ALICE)["MainPID"] not in ("0", before))
    machine.wait_for(lambda: alice.get("StemPID") != 0)
    assert properties(alice, "lasting")["PID"] == pid
    assert alice.call("Restart", "s", "lasting") is True


def test_stop_leaves_nothing(alice, machine):
    create(alice, "stopped", env=STAY)
    machine.run("systemctl --user stop zeek-supervisor", user=ALICE)
    assert machine.scopes(user=ALICE) == []
    uid = machine.lab.uid(ALICE)
    assert machine.run(["find", f"/run/user/{uid}/zeek-supervisor", "-type", "f"], check=False).stdout == ""
    assert machine.run(["pgrep", "-u", ALICE, "zeek$"], check=False).stdout == ""
