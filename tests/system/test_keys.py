# SPDX-License-Identifier: BSD-3-Clause
"""Every key of a NodeConfig, seen from within the node or from the service manager."""

import zlib

import pytest

GREEN = {"ZEEK_STANDIN": "show,stay"}


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/keys.conf", "[Zeek]\nScripts=local policy/misc/loaded-scripts\n")


@pytest.fixture
def seen(machine, request):
    """Creates a node and returns what it sees of itself; it is gone after the test."""
    def create(**config):
        name = config.setdefault("name", f"n{zlib.crc32(request.node.name.encode())}")
        config.setdefault("env", GREEN)
        machine.call("Create", "a{sv}", config)
        lines = machine.wait_for(lambda: (o := machine.output(name)) and o[-1].startswith("ns.uts=") and o)
        return Seen(name, dict(line.split("=", 1) for line in lines if "=" in line))

    yield create
    machine.call("Destroy", "s", "")


class Seen(dict):
    def __init__(self, name, facts):
        super().__init__(facts)
        self.name = name

    @property
    def argv(self):
        return [self[f"argv.{n}"] for n in range(1, int(self["argc"]))]


def member(role):
    return {"role": role, "host": "127.0.0.1"}


def stat(machine, path, what):
    return machine.run(["stat", "-c", what, path]).stdout.strip()


def test_a_node_has_what_it_needs_and_nothing_else(seen):
    node = seen()
    uid = node["uid"]
    assert uid == node["euid"] != "0"
    assert (node["groups"], node["umask"], node["no_new_privs"]) == ("", "0022", "1")
    assert {node[f"cap.{kind}"] for kind in ("permitted", "effective", "bounding", "ambient")} == {"cap_net_raw"}
    assert node["sid"] == node["pid"] == node["pgid"]
    assert (node["fds"], node["fd.0"]) == ("3", "/dev/null")
    assert (node["signals.blocked"], node["signals.ignored"]) == ("", "")
    assert (node["oom_score_adj"], node["nice"]) == ("0", "0")
    assert node["env.USER"] == node["env.LOGNAME"] == "zeek"
    assert node["env.PATH"].startswith("/opt/zeek/bin:")
    assert node["env.ZEEK_SUPERVISOR_NODE_CONFIG"] == f"/run/zeek-supervisor/nodes/{node.name}.json"
    assert "env.CLUSTER_NODE" not in node
    assert not any(name.startswith(("env.NOTIFY", "env.LISTEN", "env.INVOCATION", "env.JOURNAL")) for name in node)


def test_only_what_captures_may_capture(seen):
    node = seen(name="manager", cluster={"manager": member("MANAGER")})
    assert {node[f"cap.{kind}"] for kind in ("permitted", "effective", "bounding", "ambient")} == {""}


def test_interface_and_scripts_make_the_command_line(seen):
    node = seen(interface="lo", bare_mode=True, addl_base_scripts=["base/utils/site"], addl_user_scripts=["policy/tuning/json-logs"])
    assert node.argv == [
        *("-b", "-i", "lo", "-U", ".status"),
        *("base/utils/site", "local", "policy/misc/loaded-scripts", "policy/tuning/json-logs"),
    ]


def test_a_pcap_file_is_read(machine, seen):
    machine.lab.write("/var/tmp/empty.pcap", "")
    node = seen(pcap_file="/var/tmp/empty.pcap", env={"ZEEK_STANDIN": "early,show,stay"}, restart="never")
    assert node.argv[:2] == ["-r", "/var/tmp/empty.pcap"]


def test_the_default_directory_is_the_nodes_own(machine, seen):
    node = seen()
    assert node["cwd"] == f"/var/lib/zeek-supervisor/nodes/{node.name}"
    assert stat(machine, node["cwd"], "%U") == "zeek"


def test_relative_directories_lie_below_the_state_directory(machine, seen):
    assert seen(directory="a/b/c")["cwd"] == "/var/lib/zeek-supervisor/nodes/a/b/c"


def test_an_existing_directory_stays_as_it_is(machine, seen):
    machine.run("mkdir -p -m 0711 /srv/sniffer && chown zeek:daemon /srv/sniffer")
    assert seen(directory="/srv/sniffer")["cwd"] == "/srv/sniffer"
    assert stat(machine, "/srv/sniffer", "%a %U %G") == "711 zeek daemon"


def test_output_files_take_the_place_of_the_journal(machine, seen):
    name = "to-files"
    machine.create(name, stdout_file="out", stderr_file="err", env={"ZEEK_STANDIN": "say=one,esay=two,stay"})
    directory = f"/var/lib/zeek-supervisor/nodes/{name}"
    machine.wait_for(lambda: machine.run(["cat", f"{directory}/out", f"{directory}/err"]).stdout == "one\ntwo\n")
    assert stat(machine, f"{directory}/out", "%a %U") == "600 zeek"
    machine.call("Restart", "s", name)
    machine.wait_for(lambda: machine.run(["cat", f"{directory}/out"]).stdout == "one\n")
    machine.call("Destroy", "s", name)
    assert machine.output(name) == machine.output(name, "stderr") == []


def test_the_environment_is_handed_on(seen):
    assert seen(env={**GREEN, "TEXT": "with spaces = and signs"})["env.TEXT"] == "with spaces = and signs"


def test_cluster_node_wins_over_the_environment(seen):
    node = seen(name="manager", cluster={"manager": member("MANAGER")}, env={**GREEN, "CLUSTER_NODE": "somebody"})
    assert node["env.CLUSTER_NODE"] == "manager"


def test_a_cpu_is_held(seen):
    assert seen(cpu_affinity=1)["cpus"] == "1"


def test_a_cpu_that_is_not_there_is_a_warning_on_the_nodes_own_log(machine, seen):
    node = seen(cpu_affinity=500)
    assert node["cpus"] == "0-1" or "," in node["cpus"] or "-" in node["cpus"]
    assert any("CPU" in line or "affinity" in line for line in machine.output(node.name, "stderr"))


def test_niceness_is_set(seen):
    assert seen(nice=7)["nice"] == "7"
    assert seen(name="eager", nice=-5)["nice"] == "-5"


def test_limits_are_the_scopes(machine, seen):
    node = seen(
        memory_max=2**30,
        memory_high=2**29,
        memory_swap_max=2**28,
        tasks_max=99,
        cpu_quota_per_sec_usec=1_500_000,
        cpu_weight=200,
        io_weight=300,
        allowed_cpus="0-1",
    )
    scope = machine.show(f"zeek-node-{node.name}.scope")
    expected = {
        "MemoryMax": str(2**30),
        "MemoryHigh": str(2**29),
        "MemorySwapMax": str(2**28),
        "TasksMax": "99",
        "CPUWeight": "200",
        "IOWeight": "300",
        "AllowedCPUs": "0-1",
    }
    assert {name: scope[name] for name in expected} == expected
    assert scope["CPUQuotaPerSecUSec"] in ("1.500s", "1.500000s")


def test_seccomp_none_is_a_profile(seen):
    assert seen(seccomp="none")["no_new_privs"] == "1"


def test_integers_of_every_type_are_taken(machine):
    for number, letter in enumerate("ynqiuxt"):
        machine.run(
            "busctl call org.zeek.Supervisor /org/zeek/Supervisor org.zeek.Supervisor Create 'a{sv}' 3 "
            f"name s int{number} nice {letter} 5 env 'a{{ss}}' 1 ZEEK_STANDIN stay"
        )
        assert machine.status(f"int{number}")[f"int{number}"]["node"]["nice"] == 5
    machine.call("Destroy", "s", "")


def test_a_cluster_table_becomes_the_layout_that_its_nodes_share(machine, seen):
    cluster = {
        "logger-1": {"role": "LOGGER", "host": "127.0.0.1", "p": 27761},
        "manager": {"role": "Supervisor::MANAGER", "host": "127.0.0.1", "p": 27760, "metrics_port": 9991},
        "worker-1": {"role": "WORKER", "host": "fd00::1", "interface": "eth7"},
    }
    paths = set()
    for name in cluster:
        node = seen(name=name, cluster=cluster)
        assert node["env.CLUSTER_NODE"] == name
        paths.add(node["env.ZEEKPATH"].split(":")[0])

    (path,) = paths
    layout = machine.run(["cat", f"{path}/cluster-layout.zeek"]).stdout.splitlines()
    assert layout[1:] == [
        "redef Cluster::manager_is_logger = F;",
        "redef Cluster::nodes = {",
        '\t["logger-1"] = [$node_type=Cluster::LOGGER, $ip=127.0.0.1, $p=27761/tcp, $manager="manager"],',
        '\t["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=27760/tcp, $metrics_port=9991/tcp],',
        '\t["worker-1"] = [$node_type=Cluster::WORKER, $ip=[fd00::1], $manager="manager"],',
        "};",
    ]
    machine.call("Destroy", "s", "manager")
    machine.call("Destroy", "s", "logger-1")
    assert machine.run(["test", "-e", path], check=False).returncode == 0
    machine.call("Destroy", "s", "worker-1")
    assert machine.run(["test", "-e", path], check=False).returncode == 1


def test_a_node_finds_its_configuration_as_json(machine, seen):
    node = seen(interface="lo")
    text = machine.run(["cat", node["env.ZEEK_SUPERVISOR_NODE_CONFIG"]]).stdout
    assert '"interface":"lo"' in text and '"cluster":{}' in text
