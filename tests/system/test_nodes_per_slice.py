# SPDX-License-Identifier: BSD-3-Clause
"""Many nodes of a role: only so many lie directly in its slice, the others in slices below it."""

import time

import faults
import pytest
from bus import BusError
from nodes import STAY, create_ready, of_role, scope

pytestmark = pytest.mark.usefixtures("cleared_slices")

CONF = "/etc/zeek-supervisor/supervisor.conf"
NODE_CFG = "/etc/zeek-supervisor/node.cfg"
STATE = "/run/zeek-supervisor/state"
TIDY_SEC = 5  # the supervisor's
SEVEN = [f"worker-{n}" for n in range(1, 8)]
# with two in each
PLACES = dict(zip(SEVEN, [0, 0, 1, 1, 2, 2, 3]))


def settings(per_slice):
    return f"[Supervisor]\nNodesPerSlice={per_slice}\n[Node]\nRestartDelaySec=50ms\n"


def prepare(lab):
    lab.write(CONF, settings(2))
    lab.drop_in(faults.SUPERVISOR, "[Service]\nLimitCORE=0\n")


@pytest.fixture
def cleared_slices(machine):
    """Neither nodes nor slices are left for the next test."""
    yield
    machine.call("Destroy", "s", "")
    machine.run(["systemctl", "stop", "zeek-*-[0-9]*.slice"])
    configure(machine, 2)


def configure(machine, per_slice):
    machine.lab.write(CONF, settings(per_slice))
    machine.call("Reload")


def slices(machine, user=None):
    """Those below the slices of roles."""
    manager = ["--user"] if user else []
    listing = ["systemctl", *manager, "list-units", "--plain", "--no-legend", "zeek-*-[0-9]*.slice"]
    return sorted(line.split()[0] for line in machine.run(listing, user=user).stdout.splitlines())


def slice_name(number, of="zeek-workers"):
    return f"{of}-{number}.slice" if number else f"{of}.slice"


def number_of(machine, name, of="zeek-workers", user=None):
    """In which slice of its role a node lies, by systemd's word, and the kernel's."""
    shown = machine.show(scope(name), user=user)
    number = int(shown["Slice"].removeprefix(of).removesuffix(".slice").removeprefix("-") or 0)
    assert shown["Slice"] == slice_name(number, of)
    below = f"{slice_name(number, of)}/" if number else ""
    assert shown["ControlGroup"].endswith(f"/zeek.slice/{of}.slice/{below}{scope(name)}")
    assert machine.processes(shown["ControlGroup"].lstrip("/"))
    return number


def places(machine, names=SEVEN):
    return {name: number_of(machine, name) for name in names}


def create(machine, *names):
    for name in names:
        machine.create(name, **of_role("WORKER", name), env=STAY)


def pids(machine):
    return {name: node["pid"] for name, node in machine.status().items()}


def restart(machine, *services):
    machine.run(["systemctl", "restart", *services])


def kill(machine, *services):
    before = [machine.main_pid(service) for service in services]
    for service in services:
        machine.expect(f"{service}: Failed with result 'signal'")
    machine.run(["kill", "-KILL", *map(str, before)])
    machine.wait_for(lambda: all(machine.main_pid(service) not in (0, *before) for service in services))
    machine.wait_for(lambda: machine.bus.get("StemPID") != 0)


# Where a node is put


def test_the_first_lie_in_the_slice_of_their_role_and_the_others_below_it(machine):
    create(machine, *SEVEN)
    assert places(machine) == PLACES
    assert slices(machine) == [slice_name(n) for n in (1, 2, 3)]
    for number in 1, 2, 3:
        assert machine.show(slice_name(number))["Slice"] == "zeek-workers.slice"


def test_each_role_counts_for_itself(machine):
    create(machine, *SEVEN[:3])
    for name in "proxy-1", "proxy-2", "proxy-3":
        machine.create(name, **of_role("PROXY", name), env=STAY)
    assert [number_of(machine, f"proxy-{n}", "zeek-proxies") for n in (1, 2, 3)] == [0, 0, 1]
    for name in "alone-1", "alone-2", "alone-3":
        machine.create(name, env=STAY)
    assert [number_of(machine, f"alone-{n}", "zeek-standalone") for n in (1, 2, 3)] == [0, 0, 1]


def test_all_at_once_fill_one_slice_after_the_other(machine):
    calls = [machine.bus.start_call("Create", "a{sv}", {"name": name, **of_role("WORKER", name), "env": STAY}) for name in SEVEN]
    assert [call.result() for call in calls] == [""] * 7
    assert sorted(places(machine).values()) == sorted(PLACES.values())


def test_without_a_limit_all_lie_in_the_slice_of_their_role(machine):
    configure(machine, 0)
    create(machine, *SEVEN)
    assert set(places(machine).values()) == {0} and slices(machine) == []


# How long it stays there


def test_a_restart_keeps_the_place(machine):
    create(machine, *SEVEN)
    before = pids(machine)
    assert machine.call("Restart", "s", "worker-5") is True
    machine.run(["kill", "-KILL", str(before["worker-3"])])
    machine.wait_for(lambda: machine.node("worker-3")["NRestarts"] == 1 and machine.node("worker-3")["State"] == "running")
    assert places(machine) == PLACES
    assert machine.call("Restart", "s", "") is True
    assert places(machine) == PLACES
    assert not set(pids(machine).values()) & set(before.values())


def test_a_stop_of_the_slice_of_the_role_stops_all_and_they_come_back_where_they_were(machine):
    for name in SEVEN:
        create_ready(machine, name, **of_role("WORKER", name), env=STAY)
    machine.run(["systemctl", "stop", "zeek-workers.slice"])
    machine.wait_for(lambda: {node["state"] for node in machine.status().values()} == {"stopped"})
    assert slices(machine) == []
    assert machine.call("Restart", "s", "") is True
    assert places(machine) == PLACES


def test_who_is_destroyed_makes_room_for_who_comes_next(machine):
    create(machine, *SEVEN)
    for name in "worker-4", "worker-1":
        machine.call("Destroy", "s", name)
    create(machine, "next-1", "next-2", "next-3")
    assert places(machine, ["next-1", "next-2", "next-3"]) == {"next-1": 0, "next-2": 1, "next-3": 3}
    left = [name for name in SEVEN if name not in ("worker-4", "worker-1")]
    assert places(machine, left) == {name: PLACES[name] for name in left}


def test_who_could_not_be_created_takes_no_place(machine):
    create(machine, *SEVEN[:1])
    with pytest.raises(BusError, match="LaunchFailed"):
        machine.create("bad", **of_role("WORKER", "bad"), directory="/proc/none", env=STAY)
    create(machine, *SEVEN[1:])
    assert places(machine) == PLACES


def test_another_limit_moves_nobody_and_is_no_difference(machine):
    roles = {"manager": "manager", "proxy": "proxy"} | {name: "worker\ninterface=lo" for name in SEVEN}
    cluster = (f"[{name}]\ntype={role}\nhost=localhost\nenv_vars=ZEEK_STANDIN=stay\n" for name, role in roles.items())
    machine.lab.write(NODE_CFG, "".join(cluster))
    try:
        machine.call("Reload")
        machine.wait_for(lambda: [node["state"] for node in machine.status().values()] == ["running"] * len(roles))
        before, where = pids(machine), places(machine)
        assert sorted(where.values()) == sorted(PLACES.values())
        for per_slice in 0, 64, 1:
            machine.lab.write(CONF, settings(per_slice))
            assert machine.call("Diff") == []
            machine.call("Reload")
            assert machine.call("Diff") == []
        assert (pids(machine), places(machine)) == (before, where)
        assert machine.call("Restart", "s", "worker-7") is True
        assert places(machine) == where
    finally:
        machine.run(["rm", NODE_CFG])
        machine.call("Reload")


# What the next daemon knows of it


@pytest.mark.parametrize("end", [
    lambda machine: kill(machine, faults.SUPERVISOR),
    lambda machine: kill(machine, faults.SUPERVISOR, faults.STEM),
    lambda machine: restart(machine, faults.SUPERVISOR),
    lambda machine: restart(machine, faults.SUPERVISOR, faults.STEM),
], ids=["killed", "both killed", "restarted", "both restarted"])
def test_the_next_supervisor_counts_on_where_nodes_lie(machine, end):
    create(machine, *SEVEN)
    machine.call("Destroy", "s", "worker-3")
    before = pids(machine)
    end(machine)
    assert pids(machine) == before
    left = [name for name in SEVEN if name != "worker-3"]
    assert places(machine, left) == {name: PLACES[name] for name in left}
    create(machine, "next-1", "next-2", "next-3")
    assert places(machine, ["next-1", "next-2", "next-3"]) == {"next-1": 1, "next-2": 3, "next-3": 4}
    assert machine.call("Restart", "s", "worker-6") is True
    assert number_of(machine, "worker-6") == 2


def test_a_node_that_did_not_run_when_the_supervisor_began_gets_a_place_when_it_starts(machine):
    create(machine, *SEVEN)
    machine.run(["systemctl", "stop", scope("worker-1"), scope("worker-7")])
    machine.wait_for(lambda: [machine.status(name)[name]["state"] for name in ("worker-1", "worker-7")] == ["stopped"] * 2)
    restart(machine, faults.SUPERVISOR)
    assert machine.call("Restart", "s", "worker-7") is True
    assert machine.call("Restart", "s", "worker-1") is True
    assert places(machine) == PLACES | {"worker-7": 0, "worker-1": 3}


@pytest.mark.parametrize("loss", ["true", f"rm {STATE}/*"], ids=["remembered", "forgotten"])
def test_scopes_of_which_no_daemon_has_anything_are_found_in_all_slices(machine, loss):
    create(machine, *SEVEN)
    before = pids(machine)
    with faults.all_descriptors_lost(machine):
        machine.run(loss)
    assert pids(machine) == before
    machine.call("Destroy", "s", "worker-5")
    create(machine, "next-1", "next-2", "next-3")
    assert places(machine, ["next-1", "next-2", "next-3"]) == {"next-1": 2, "next-2": 3, "next-3": 4}


def test_a_node_in_another_control_group_counts_as_one_in_the_slice_of_its_role(machine):
    create(machine, "worker-1")
    pid = machine.node("worker-1")["PID"]
    machine.run(f"mkdir /sys/fs/cgroup/elsewhere && echo {pid} >/sys/fs/cgroup/elsewhere/cgroup.procs")
    try:
        restart(machine, faults.SUPERVISOR)
        assert machine.node("worker-1")["PID"] == pid
        create(machine, "worker-2", "worker-3")
        assert places(machine, ["worker-2", "worker-3"]) == {"worker-2": 0, "worker-3": 1}
    finally:
        machine.run(f"kill -KILL {pid}; while kill -0 {pid}; do sleep 0.05; done; rmdir /sys/fs/cgroup/elsewhere")


# Slices come and go with their nodes


def test_slices_below_that_of_a_role_go_when_they_are_empty(machine):
    create(machine, *SEVEN)
    for name in SEVEN[2:4]:
        machine.call("Destroy", "s", name)
    machine.wait_for(lambda: slices(machine) == [slice_name(2), slice_name(3)], 3 * TIDY_SEC)
    create(machine, "next-1")
    assert number_of(machine, "next-1") == 1
    machine.call("Destroy", "s", "")
    assert machine.show("zeek-workers-1.slice")["ActiveState"] == "active", "for who may come right now"
    machine.wait_for(lambda: slices(machine) == [], 3 * TIDY_SEC)
    assert machine.show("zeek-workers.slice")["ActiveState"] == "active"


def test_a_slice_with_something_of_somebody_else_in_it_stays(machine):
    create(machine, *SEVEN)
    other = machine.popen(["systemd-run", "--quiet", "--scope", "--unit=other.scope", "--slice=zeek-workers-1.slice", "sleep", "1000"])
    try:
        machine.wait_for(lambda: machine.show("other.scope")["ActiveState"] == "active")
        machine.call("Destroy", "s", "")
        machine.wait_for(lambda: slices(machine) == [slice_name(1)], 3 * TIDY_SEC)
        time.sleep(1)
        assert slices(machine) == [slice_name(1)] and other.poll() is None
    finally:
        machine.run(["systemctl", "stop", "other.scope"])
        other.wait()


def test_what_a_former_supervisor_left_empty_goes_too(machine):
    create(machine, *SEVEN[:3])
    machine.run(["systemctl", "stop", faults.SUPERVISOR])
    machine.wait_for(lambda: slices(machine) == [])
    machine.run("systemd-run --quiet --scope --slice=zeek-workers-9.slice true")
    assert slices(machine) == [slice_name(9)]
    machine.run(["systemctl", "start", faults.SUPERVISOR])
    machine.wait_for(lambda: slices(machine) == [], 3 * TIDY_SEC)


def test_nobody_is_put_into_a_slice_that_is_about_to_go(machine):
    """Between the order to stop it and its end, a start in it would be refused."""
    create(machine, *SEVEN[:3])
    machine.call("Destroy", "s", "worker-3")
    with faults.service_manager_frozen(machine):
        time.sleep(TIDY_SEC + 2)
        call = machine.bus.start_call("Create", "a{sv}", {"name": "next-1", **of_role("WORKER", "next-1"), "env": STAY})
        time.sleep(2)  # until it is ordered
    assert call.result() == ""
    assert number_of(machine, "next-1") == 2
    machine.wait_for(lambda: slices(machine) == [slice_name(2)])
    create(machine, "next-2")
    assert number_of(machine, "next-2") == 1


def test_they_say_whose_they_are(machine):
    said = {slice: machine.show(f"zeek-{slice}-7.slice")["Description"] for slice in ("loggers", "managers", "proxies", "workers", "standalone")}
    assert said == {
        "loggers": "More Zeek Loggers (7)",
        "managers": "More Zeek Managers (7)",
        "proxies": "More Zeek Proxies (7)",
        "workers": "More Zeek Workers (7)",
        "standalone": "More Zeek Nodes without a Cluster (7)",
    }


def test_a_users_nodes_are_spread_as_well(machine):
    user = "alice"
    machine.lab.add_user(user)
    machine.lab.start_user_manager(user)
    directory = f"/home/{user}/.config/zeek-supervisor"
    machine.run(f"mkdir -p {directory} && printf '[Supervisor]\\nNodesPerSlice=1\\n' >{directory}/supervisor.conf", user=user)
    bus = machine.bus_of(user)
    for name in "a", "b", "c":
        bus.call("Create", "a{sv}", {"name": name, **of_role("WORKER", name), "env": STAY})
    assert [number_of(machine, name, user=user) for name in ("a", "b", "c")] == [0, 1, 2]
    assert machine.show("zeek-workers-2.slice", user=user)["Description"] == "More Zeek Workers (2)"

    bus.call("Destroy", "s", "b")
    machine.run("systemctl --user restart zeek-supervisor", user=user)
    for name in "d", "e":
        bus.call("Create", "a{sv}", {"name": name, **of_role("WORKER", name), "env": STAY})
    assert [number_of(machine, name, user=user) for name in ("d", "e")] == [1, 3]
    bus.call("Destroy", "s", "")
    machine.wait_for(lambda: slices(machine, user) == [], 3 * TIDY_SEC)
