# SPDX-License-Identifier: BSD-3-Clause
"""What the process of a node has when its program begins: user, rights, limits, descriptors; and what it has not."""

import pytest
from nodes import SHOW, create_seen, member, of_role, scope

pytestmark = pytest.mark.usefixtures("tidy")

ROLES = ["LOGGER", "MANAGER", "PROXY", "WORKER"]


def prepare(lab):
    lab.write(
        "/etc/zeek-supervisor/supervisor.conf.d/process.conf",
        """
[Node]
Nice=2
OOMScoreAdjust=100
[Logger]
User=daemon
Group=adm
UMask=0077
Nice=
MemoryMax=1G
TasksMax=77
[Manager]
User=root
LimitCORE=0
LimitNOFILE=512
Nice=-4
OOMScoreAdjust=300
[Proxy]
AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN
CPUWeight=50
IOWeight=60
CPUQuota=150%
AllowedCPUs=0
MemoryHigh=500M
MemorySwapMax=1M
""",
    )


def create_of_role(machine, role, name=None, **config):
    name = name or f"in-role-{role.lower()}"
    directory = f"/var/tmp/{name}"  # where every user may make one
    return create_seen(machine, name, **of_role(role, name), directory=directory, **config)


# What every node has


@pytest.fixture(scope="module")
def node(machine_of_module):
    seen = create_seen(machine_of_module, "plain")
    machine_of_module.call("Destroy", "s", "plain")
    return seen


def test_it_is_the_program_as_it_was_found(node):
    assert node["exe"] == node["argv.0"] == "/opt/zeek/bin/zeek"


def test_it_runs_as_zeek_and_in_no_other_group(machine, node):
    uid, gid = (machine.run(f"id {option} zeek").stdout.strip() for option in ("-u", "-g"))
    assert (node["uid"], node["euid"], node["gid"], node["egid"]) == (uid, uid, gid, gid)
    assert uid != "0" and node["groups"] in ("", gid)


def test_it_can_gain_no_rights(node):
    assert node["no_new_privs"] == "1" and node["securebits"] == "0"


def test_who_stands_alone_may_capture_and_no_more(node):
    assert node.capabilities() == {"cap_net_raw"}


def test_it_leads_a_session_of_its_own(node):
    assert node["sid"] == node["pgid"] == node["pid"] and node["parent_death_signal"] == "0"


def test_it_inherits_no_descriptor(node):
    assert node["fds"] == "3" and node["fd.0"] == "/dev/null"
    assert node["fd.1"].startswith("pipe:") and node["fd.2"].startswith("pipe:") and node["fd.1"] != node["fd.2"]
    assert (node["fd.1.flags"], node["fd.2.flags"]) == ("wronly", "wronly")  # a write waits, it does not fail


def test_its_signals_are_as_if_nobody_had_touched_them(node):
    assert (node["signals.blocked"], node["signals.ignored"]) == ("", "")


def test_its_environment_is_clean(node):
    assert node.environment == {
        "PATH": "/opt/zeek/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/var/lib/zeek-supervisor",
        "USER": "zeek",
        "LOGNAME": "zeek",
        "SHELL": "/usr/sbin/nologin",
        "LANG": "C.UTF-8",
        "ZEEK_STANDIN": SHOW["ZEEK_STANDIN"],
        "ZEEK_SUPERVISOR_NODE_CONFIG": "/run/zeek-supervisor/nodes/plain.json",
    }


def test_its_limits_are_those_of_the_configuration(machine, node):
    assert (node["umask"], node["nice"], node["oom_score_adj"], node["scheduler"]) == ("0022", "2", "100", "0")
    if not machine.lab.sanitizers:  # which forbid cores to the stem and so to all that it starts
        assert node["rlimit.core"] == "infinity:infinity"
    soft, hard = node["rlimit.nofile"].split(":")
    assert soft == hard and 1024 < int(soft) <= 65536  # as many as this machine allows


def test_it_is_in_its_scope_and_in_the_machines_namespaces(machine, node):
    assert node["cgroup"] == "/zeek.slice/zeek-standalone.slice/" + scope("plain")
    outside = machine.run("readlink /proc/1/ns/net /proc/1/ns/user /proc/1/ns/pid").stdout.split()
    assert [node["ns.net"], node["ns.user"], node["ns.pid"]] == outside
    assert node["root"] == "/"


# What a role has


@pytest.mark.parametrize("role, capabilities", [("LOGGER", ""), ("MANAGER", ""), ("WORKER", "cap_net_raw")])
def test_only_what_captures_may_capture(machine, role, capabilities):
    name = f"captures-{role.lower()}"
    assert create_of_role(machine, role, name).capabilities() == {capabilities}


def test_a_role_can_have_other_capabilities(machine):
    assert create_of_role(machine, "PROXY").capabilities() == {"cap_net_admin,cap_net_raw"}


def test_a_role_can_have_another_user(machine):
    node = create_of_role(machine, "LOGGER", "logger")
    ids = machine.run("id -u daemon; getent group adm | cut -d: -f3").stdout.split()
    assert [node["uid"], node["gid"]] == ids and node["env.USER"] == "daemon"
    assert node["umask"] == "0077"
    assert node["nice"] == "2"  # an empty value in [Logger] takes back what [Logger] said, not what [Node] says
    assert machine.run("stat -c '%U %G %a' /var/tmp/logger").stdout == "daemon adm 700\n"


def test_root_without_its_capabilities_is_possible(machine):
    node = create_of_role(machine, "MANAGER")
    assert (node["uid"], node["env.HOME"]) == ("0", "/root") and node.capabilities() == {""}
    assert (node["rlimit.core"], node["rlimit.nofile"]) == ("0:0", "512:512")
    assert (node["nice"], node["oom_score_adj"]) == ("-4", "300")


def test_a_node_wins_over_its_role(machine):
    assert create_of_role(machine, "MANAGER", "nice-manager", nice=19)["nice"] == "19"
    create_of_role(machine, "LOGGER", "large", memory_max=2**31, tasks_max=2**64 - 1)
    unit = machine.show(scope("large"))
    assert (unit["MemoryMax"], unit["TasksMax"]) == (str(2**31), "infinity")


def test_the_limits_of_a_role_are_those_of_each_of_its_scopes(machine):
    create_of_role(machine, "LOGGER", "limited-1")
    create_of_role(machine, "PROXY", "limited-2")
    unit = machine.show(scope("limited-1"))
    assert (unit["MemoryMax"], unit["TasksMax"], unit["MemorySwapMax"]) == (str(2**30), "77", "0")
    unit = machine.show(scope("limited-2"))
    expected = dict(CPUWeight="50", IOWeight="60", AllowedCPUs="0", MemoryHigh=str(500 * 2**20), MemorySwapMax=str(2**20))
    assert {name: unit[name] for name in expected} == expected
    assert unit["CPUQuotaPerSecUSec"] in ("1.500s", "1.500000s") and unit["MemoryMax"] == "infinity"


def test_all_roles_of_a_cluster_run_side_by_side(machine):
    cluster = {f"side-{role.lower()}": member(role) for role in ROLES}
    users = [create_seen(machine, name, cluster=cluster, directory=f"/var/tmp/{name}")["env.USER"] for name in cluster]
    assert users == ["daemon", "root", "zeek", "zeek"]
