# SPDX-License-Identifier: BSD-3-Clause
"""Limits are enforced, and cost only the node that they are for."""

import re

import pytest
from nodes import CLD_KILLED, EXITED, STAY, is_alive, of_role, play, scope, tree

MIB = 1024 * 1024
LEAK = play("leak=64M", "stay")
MACHINE_CPUS = "0-3"


def cgroup(machine, unit):
    return machine.lab.path("/sys/fs/cgroup" + machine.show(unit)["ControlGroup"])


def counters(file):
    return {name: int(value) for name, value in (line.split() for line in file.read_text().splitlines())}


def value_in(pid, file, key):
    text = open(f"/proc/{pid}/{file}").read()
    return re.search(rf"^{key}:?\s+(.*)$", text, re.MULTILINE)[1]


def bystanders(machine, **roles):
    """Nodes that must not notice; with the processes that they have to keep."""
    for name, role in roles.items():
        machine.create(name, **of_role(role, name), env=STAY)
    return {name: machine.status(name)[name]["pid"] for name in roles}


def expect_unharmed(machine, pids):
    for name, pid in pids.items():
        node = machine.status(name)[name]
        assert (node["state"], node["pid"], node["restarts"]) == ("running", pid, 0)


def running(machine, n):
    nodes = {name: node["pid"] for name, node in machine.status().items() if node["state"] == "running"}
    return len(nodes) == n and nodes


def wait_for_end(machine, name, restarts=1):
    """The node's status once it has ended so many times and was started again."""

    def found():
        node = machine.status(name)[name]
        return node["restarts"] >= restarts and node

    return machine.wait_for(found, timeout=30, what=f"a restart of {name}")


def expect_out_of_memory(machine, name, first):
    """Of a node whose first process is this one. (The next may not run yet.)"""
    node = wait_for_end(machine, name)
    assert (node["exit_code"], node["exit_status"], node["out_of_memory"]) == (CLD_KILLED, 9, True)
    end = machine.journal(f"MESSAGE_ID={EXITED}", f"ZEEK_NODE_PID={first}")[0]
    assert end["MESSAGE"].endswith("was killed by signal SIGKILL because memory ran out")
    assert (end["ZEEK_OUT_OF_MEMORY"], end["EXIT_CODE"], end["EXIT_STATUS"]) == ("yes", "killed", "9")


@pytest.fixture
def swap(machine):
    """A machine that has room to swap to."""
    machine.run("dd if=/dev/zero of=/swap bs=1M count=128 status=none; chmod 600 /swap; mkswap -q /swap; swapon /swap")
    yield
    machine.run("swapoff /swap; rm /swap")


def used_swap():
    return sum(int(line.split()[3]) for line in open("/proc/swaps").read().splitlines()[1:])


def test_a_leaking_worker_is_killed_in_its_scope_and_restarted_and_its_neighbours_live(machine, swap):
    others = bystanders(machine, worker_2="WORKER", logger="LOGGER")
    machine.create("leaking", **of_role("WORKER", "leaking"), memory_max=48 * MIB, env=LEAK)
    first = machine.status("leaking")["leaking"]["pid"]
    group = cgroup(machine, scope("leaking"))
    assert (group / "memory.max").read_text() == f"{48 * MIB}\n"
    assert (group / "memory.swap.max").read_text() == "0\n"  # the default, or it would swap before it is killed

    expect_out_of_memory(machine, "leaking", first)
    machine.wait_for(lambda: machine.status("leaking")["leaking"]["pid"] != first)
    assert used_swap() == 0
    expect_unharmed(machine, others)


def test_all_of_a_node_goes_at_once_when_its_memory_is_out(machine):
    machine.create("family", memory_max=48 * MIB, env=play("children=3", "leak=64M", "stay"))
    family = tree(machine, "family")
    assert len(family) == 4
    expect_out_of_memory(machine, "family", machine.status("family")["family"]["pid"])
    assert not any(is_alive(machine, pid) for pid in family)


def test_the_limit_of_a_role_costs_the_one_that_leaks(machine):
    machine.lab.drop_in("zeek-workers.slice", "[Slice]\nMemoryMax=128M\n", name="role")
    machine.run("systemctl daemon-reload")
    try:
        others = bystanders(machine, worker_1="WORKER", worker_2="WORKER", logger="LOGGER")
        machine.create("leaking", **of_role("WORKER", "leaking"), env=LEAK)
        first = machine.status("leaking")["leaking"]["pid"]
        assert (cgroup(machine, scope("leaking")) / "memory.max").read_text() == "max\n"
        expect_out_of_memory(machine, "leaking", first)
        expect_unharmed(machine, others)
    finally:
        machine.run("rm /etc/systemd/system/zeek-workers.slice.d/role.conf; systemctl daemon-reload")


def test_a_node_without_limits_has_those_of_the_defaults(machine):
    machine.create("plain", **of_role("WORKER", "plain"), env=STAY)
    pid = machine.status("plain")["plain"]["pid"]
    group = cgroup(machine, scope("plain"))
    files = {name: (group / name).read_text().strip() for name in ("memory.max", "memory.high", "memory.swap.max")}
    assert files == {"memory.max": "max", "memory.high": "max", "memory.swap.max": "0"}
    assert value_in(pid, "limits", "Max open files").split()[:2] == ["65536", "65536"]
    assert value_in(pid, "status", "Cpus_allowed_list") == MACHINE_CPUS


def test_a_fork_bomb_gets_no_further_than_its_limit_of_tasks(machine):
    others = bystanders(machine, worker_2="WORKER")
    machine.create("bomb", tasks_max=30, env=play("exec=bomb() { bomb | bomb & }; bomb; sleep 1000"))
    group = cgroup(machine, scope("bomb"))
    machine.wait_for(lambda: counters(group / "pids.events")["max"] > 0)
    for _ in range(20):
        assert int((group / "pids.current").read_text()) <= 30
    machine.create("another", env=STAY)
    expect_unharmed(machine, others)
    assert machine.call("Destroy", "s", "bomb", timeout=600) is True
    assert not group.exists()


def test_a_node_stays_on_the_processors_that_it_is_allowed(machine):
    widen = "taskset --pid --cpu-list 0-3 $$; grep Cpus_allowed_list /proc/self/status"
    machine.create("narrow", allowed_cpus="1", env=play("stay", f"exec={widen}"))
    machine.wait_for(lambda: "Cpus_allowed_list:\t1" in machine.output("narrow"))
    assert (cgroup(machine, scope("narrow")) / "cpuset.cpus.effective").read_text() == "1\n"


def test_limits_of_a_node_that_runs_follow_a_reload(machine):
    machine.create("node", **of_role("WORKER", "node"), env=STAY)
    pid = machine.status("node")["node"]["pid"]
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/50-reload.conf", "[Worker]\nAllowedCPUs=2-3\nMemoryMax=64M\n")
    try:
        machine.call("Reload")
        machine.wait_for(lambda: value_in(pid, "status", "Cpus_allowed_list") == "2-3")
        assert (cgroup(machine, scope("node")) / "memory.max").read_text() == f"{64 * MIB}\n"
        expect_unharmed(machine, {"node": pid})
    finally:
        machine.run("rm /etc/zeek-supervisor/supervisor.conf.d/50-reload.conf")
        machine.call("Reload")


NUMA_CLUSTER = """\
[logger]
type=logger
host=localhost
[manager]
type=manager
host=localhost
[proxy]
type=proxy
host=localhost
[near]
type=worker
host=localhost
interface=lo
lb_method=custom
lb_procs=2
pin_cpus=0,1
env_vars=ZEEK_STANDIN=memory=16M
[far]
type=worker
host=localhost
interface=lo
lb_method=custom
lb_procs=2
pin_cpus=2,3
env_vars=ZEEK_STANDIN=memory=16M
"""


def pages(pid):
    """Of the memory that a process has written to: how much of it lies at which NUMA node."""
    lines = [line for line in open(f"/proc/{pid}/numa_maps") if " anon=" in line]
    return [sum(int(n) for line in lines for n in re.findall(rf" N{node}=(\d+)", line)) for node in (0, 1)]


def test_workers_of_two_numa_nodes_are_where_node_cfg_pins_them_and_so_is_their_memory(machine):
    machine.lab.write("/etc/zeek-supervisor/node.cfg", NUMA_CLUSTER)
    machine.lab.drop_in("zeek-loggers.slice", "[Slice]\nAllowedCPUs=0\nAllowedMemoryNodes=0\n", name="numa")
    machine.run("systemctl daemon-reload")
    try:
        machine.call("Reload", timeout=600)
        pids = machine.wait_for(lambda: running(machine, 7), timeout=60)
        for cpu, name in enumerate(["near-1", "near-2", "far-1", "far-2"]):
            assert value_in(pids[name], "status", "Cpus_allowed_list") == str(cpu)
            at = machine.wait_for(lambda: sum(here := pages(pids[name])) >= 4096 and here)
            assert at[cpu // 2] > 0.9 * sum(at)
        logger = pids["logger"]
        assert (value_in(logger, "status", "Cpus_allowed_list"), value_in(logger, "status", "Mems_allowed_list")) == ("0", "0")
    finally:
        machine.run("rm /etc/zeek-supervisor/node.cfg /etc/systemd/system/zeek-loggers.slice.d/numa.conf; systemctl daemon-reload")
        machine.call("Reload", timeout=600)

