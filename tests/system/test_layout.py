# SPDX-License-Identifier: BSD-3-Clause
"""The cluster table of a node: it becomes Zeek's cluster-layout.zeek, one file for all nodes that have an equal one."""

import pytest
from nodes import DIRECTORIES, SHOW, STAY, cluster_of, create_ready, create_seen, member, play, seen
from raw_bus import RawBus

pytestmark = pytest.mark.usefixtures("tidy")

LAYOUTS = "/run/zeek-supervisor/layouts"
VERSION = "/opt/zeek/bin/zeek.version"


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/layout.conf", "[Worker]\nRestartDelaySec=50ms\n")


@pytest.fixture
def version(machine):
    """Says which version of Zeek is played from now on."""

    def play_version(text):
        machine.lab.write(VERSION, text)
        machine.call("Reload")

    yield play_version
    machine.run(["rm", "-f", VERSION])
    machine.call("Reload")


def layouts(machine):
    directory = machine.lab.path(LAYOUTS)
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def layout_of(machine, name="node"):
    """The lines that the node reads, without the comment that says who wrote them."""
    environment = machine.run(["cat", f"/proc/{machine.node(name)['PID']}/environ"]).stdout.split("\0")
    path = next(line for line in environment if line.startswith("ZEEKPATH=")).partition("=")[2].split(":")[0]
    comment, *lines = machine.run(["cat", f"{path}/cluster-layout.zeek"]).stdout.splitlines()
    assert comment.startswith("# ")
    return lines


def test_the_table_becomes_a_layout(machine):
    cluster = {
        "logger-1": member("LOGGER", p=27761),
        "node": member("Supervisor::MANAGER", p=27760, metrics_port=9991),
        "proxy-1": {"role": "PROXY", "host": "192.0.2.1", "p": 65535},
        "worker-1": {"role": "WORKER", "host": "fd00::1", "interface": "eth7"},
        "worker-2": {"role": "WORKER", "host": "2001:db8:0:0:0:0:192.0.2.33", "pcap_file": "x.pcap", "p": 0},
        "bystander": member("NONE"),
    }
    create_ready(machine, "node", cluster=cluster, env=play())
    assert layout_of(machine) == [
        "redef Cluster::manager_is_logger = F;",
        "redef Cluster::nodes = {",
        '\t["bystander"] = [$node_type=Cluster::NONE, $ip=127.0.0.1, $manager="node"],',
        '\t["logger-1"] = [$node_type=Cluster::LOGGER, $ip=127.0.0.1, $p=27761/tcp, $manager="node"],',
        '\t["node"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp, $metrics_port=9991/tcp],',
        '\t["proxy-1"] = [$node_type=Cluster::PROXY, $ip=192.0.2.1, $p=65535/tcp, $manager="node"],',
        '\t["worker-1"] = [$node_type=Cluster::WORKER, $ip=[fd00::1], $manager="node"],',
        '\t["worker-2"] = [$node_type=Cluster::WORKER, $ip=[2001:db8::c000:221], $manager="node"],',
        "};",
    ]


def test_a_manager_without_loggers_is_the_logger(machine):
    machine.create("node", cluster=cluster_of(node="MANAGER", worker="WORKER"), env=STAY)
    assert layout_of(machine)[0] == "redef Cluster::manager_is_logger = T;"


@pytest.mark.parametrize("number, known", [("6.0.9", False), ("7.0.0", True), ("", False)])
def test_the_layout_has_only_what_the_version_takes(machine, version, number, known):
    version(number)
    machine.create("node", cluster={"node": member("MANAGER", metrics_port=9991)}, env=STAY)
    assert ("$metrics_port=9991/tcp" in layout_of(machine)[2]) is known


def test_nodes_with_equal_tables_share_a_file(machine):
    cluster = cluster_of(a="LOGGER", b="MANAGER", c="WORKER")
    for name in cluster:
        # the order of the entries and the spelling of the roles make no difference, nor does what is not in the layout
        other = {key: {"role": "Supervisor::" + cluster[key]["role"], "host": "127.0.0.1"} for key in reversed(cluster)}
        machine.create(name, cluster=other if name == "b" else cluster, env=STAY)
    assert len(layouts(machine)) == 1
    for name, left in [("b", 1), ("a", 1), ("c", 0)]:
        machine.call("Destroy", "s", name)
        assert len(layouts(machine)) == left


def test_nodes_with_different_tables_have_their_own(machine):
    machine.create("a", cluster=cluster_of(a="MANAGER"), env=STAY)
    machine.create("b", cluster=cluster_of(a="MANAGER", b="WORKER"), env=STAY)
    assert len(layouts(machine)) == 2
    assert len(layout_of(machine, "a")) == 4 and len(layout_of(machine, "b")) == 5
    machine.call("Destroy", "s", "a")
    assert len(layouts(machine)) == 1
    assert len(layout_of(machine, "b")) == 5


def test_a_node_that_is_started_again_has_its_layout_still(machine, story):
    machine.create("node", cluster=cluster_of(node="WORKER"), restart="always", env=play("exit=1", "after=100"))
    story.wait("node", NRestarts=2)
    assert len(layouts(machine)) == 1


def test_a_failed_start_leaves_no_layout(machine):
    with pytest.raises(Exception, match="LaunchFailed"):
        machine.create("node", cluster=cluster_of(node="WORKER"), directory="/etc/x")
    assert layouts(machine) == []


def test_an_empty_table_is_no_cluster(machine):
    config = "2 name s node cluster a{sa{sv}} 0".split()
    machine.run(["busctl", "call", "org.zeek.Supervisor", "/org/zeek/Supervisor", "org.zeek.Supervisor", "Create", "a{sv}", *config])
    assert layouts(machine) == []


def test_the_layout_is_first_in_the_search_path_and_nobody_but_root_can_change_it(machine):
    node = create_seen(machine, "node", cluster=cluster_of(node="WORKER"), env=SHOW)
    layout, *rest = node["env.ZEEKPATH"].split(":")
    own = [".", *(f"/opt/zeek/share/zeek{end}" for end in ("", "/policy", "/site", "/builtin-plugins"))]
    assert rest == [*own, "/usr/share/zeek-supervisor/scripts"]
    paths = ["/run/zeek-supervisor", LAYOUTS, layout, f"{layout}/cluster-layout.zeek"]
    modes = machine.run(["stat", "-c", "%U:%G %a", *paths]).stdout.splitlines()
    assert modes == ["root:root 755"] * 3 + ["root:root 644"]


def test_the_largest_table_is_taken(machine):
    """By one that reads it strictly: the stand-in ends with an error when the layout has one."""
    table = {f"worker-{n}": {"role": "WORKER", "host": f"10.0.{n // 250}.{n % 250}", "p": 1 + n} for n in range(4095)}
    table["manager"] = member("MANAGER")
    with RawBus(machine.lab) as client:
        client.create({"name": "manager", "cluster": table, "env": play()})
        assert client.call("Status", "s", "manager")["manager"]["node"]["cluster"] == table
    machine.wait_for(lambda: machine.lab.path(f"{DIRECTORIES}/manager/.status").read_text().startswith("RUNNING"))
    assert len(layout_of(machine, "manager")) == 4096 + 3


def test_a_zeek_that_was_upgraded_is_asked_before_it_is_started(machine):
    """Without a reload: the package manager knows of none."""
    before = create_seen(machine, "up", cluster=cluster_of(up="WORKER"))
    assert machine.bus.get("ZeekVersion") == "7.0.11" and "policy/frameworks/cluster/backend/zeromq" not in before.argv
    binary = "/opt/zeek/bin/zeek"
    machine.lab.write(f"{binary}.version", "8.1.0")
    try:
        machine.run(f"cp {binary} {binary}.new && mv {binary}.new {binary}")
        machine.call("Restart", "s", "up")
        after = seen(machine, "up", times=2)
        assert "policy/frameworks/cluster/backend/zeromq" in after.argv
        assert machine.bus.get("ZeekVersion") == "8.1.0"
    finally:
        machine.run(f"rm {binary}.version; touch {binary}")
        machine.call("Reload")
