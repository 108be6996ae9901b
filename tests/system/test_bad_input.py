# SPDX-License-Identifier: BSD-3-Clause
"""Every NodeConfig that makes no sense is refused with an error that names the key, and leaves nothing behind."""

import pytest
from bus import BusError
from dbus_types import Variant
from raw_bus import RawBus
from traces import Traces

INVALID_CONFIG = "org.zeek.Supervisor.Error.InvalidConfig"
MIB = 1 << 20

STRINGS = ["name", "interface", "pcap_file", "directory", "stdout_file", "stderr_file", "restart", "allowed_cpus", "seccomp"]
LISTS = ["addl_base_scripts", "addl_user_scripts"]
COUNTS = ["stop_timeout_usec", "memory_max", "memory_high", "memory_swap_max", "tasks_max", "cpu_quota_per_sec_usec"]
COUNTS += ["cpu_weight", "io_weight"]
INTEGERS = ["cpu_affinity", "nice", *COUNTS]
ENDPOINT_STRINGS = ["role", "host", "interface", "pcap_file"]
PORTS = ["p", "metrics_port"]

UNSAFE = ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "LD_BIND_NOT", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES"]
UNSAFE += ["HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "MALLOC_TRACE", "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF"]
UNSAFE += ["RES_OPTIONS", "TMPDIR", "TZDIR", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC"]


@pytest.fixture(scope="module")
def bus(machine_of_module):
    with RawBus(machine_of_module.lab) as bus:
        # a first good one: what the daemon makes once, it has made now
        bus.create({"name": "first", "directory": "/tmp"})
        bus.call("Destroy", "s", "first")
        yield bus


@pytest.fixture(scope="module")
def clean(machine_of_module, bus):
    return Traces(machine_of_module)


@pytest.fixture(autouse=True)
def nothing_is_left(machine, clean):
    yield
    clean.expect_none_since()


def refused(bus, config):
    """The key that the error names, and why."""
    with pytest.raises(BusError) as error:
        bus.create(config)
    assert error.value.name == INVALID_CONFIG, error.value
    key, colon, why = error.value.message.partition(": ")
    assert colon and why, error.value
    assert len(error.value.message) < 500
    return key, why


def node(**config):
    return {"name": "node", **config}


def endpoint(**more):
    return {"role": "WORKER", "host": "127.0.0.1", **more}


def table(**more):
    """A NodeConfig with a cluster of one, which has these properties too."""
    return node(cluster={"node": endpoint(**more)})


def wrong_types(*right):
    """A value of each type that is none of the right ones."""
    values = [Variant("s", "x"), Variant("b", True), Variant("d", 1.0), Variant("o", "/x"), Variant("g", "s")]
    values += [Variant(kind, 1) for kind in "ynqiuxt"]
    values += [Variant("as", ["x"]), Variant("ay", [1]), Variant("a{ss}", {"x": "y"}), Variant("a{sv}", {"x": 1})]
    values += [Variant("a{sa{sv}}", {"node": endpoint()}), Variant("a{sa{ss}}", {}), Variant("(s)", ("x",))]
    values += [Variant("v", Variant("s", "x")), Variant("aas", []), Variant("a{ys}", {})]
    return [value for value in values if value.signature not in right]


INTEGER_TYPES = "ynqiuxt"
TYPES = [
    *((key, ["s"]) for key in STRINGS),
    *((key, ["as"]) for key in LISTS),
    *((key, INTEGER_TYPES) for key in INTEGERS),
    ("bare_mode", ["b"]),
    ("env", ["a{ss}"]),
    ("cluster", ["a{sa{sv}}"]),
]


@pytest.mark.parametrize("key, right", TYPES, ids=[key for key, _ in TYPES])
def test_a_key_takes_no_value_of_another_type(bus, key, right):
    for value in wrong_types(*right):
        named, why = refused(bus, node() | {key: value})
        assert named == key and f"'{value.signature}'" in why


ENDPOINT_TYPES = [*((key, ["s"]) for key in ENDPOINT_STRINGS), *((key, INTEGER_TYPES) for key in PORTS)]


@pytest.mark.parametrize("key, right", ENDPOINT_TYPES, ids=[key for key, _ in ENDPOINT_TYPES])
def test_a_key_of_an_endpoint_takes_no_value_of_another_type(bus, key, right):
    for value in wrong_types(*right):
        named, why = refused(bus, table(**{key: value}))
        assert named == f"cluster[node].{key}" and f"'{value.signature}'" in why


NAMES = {
    "": "empty",
    " ": "spaces",
    "two words": "spaces",
    "x" * 65: "64",
    "x" * MIB: "longer",
    "a" + "-" * 63: "unit name",
    "-x": "start",
    ".x": "start",
    "_x": "start",
    "..": "start",
    "/": "start",
    "a/b": "letters",
    "a\nb": "letters",
    "a\x01": "letters",
    "a\tb": "letters",
    "a@b": "letters",
    "a:b": "letters",
    "a%n": "letters",
    "a\\x2d": "letters",
    "ünïcode": "start",
    "a\u00e9": "letters",
    "a\u202e": "letters",
}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:10]))
def test_a_bad_name_is_refused(bus, name):
    key, why = refused(bus, {"name": name})
    assert key == "name" and NAMES[name] in why and "\n" not in why
    key, why = refused(bus, node(cluster={"node": endpoint(), name: endpoint()}))
    assert key == "cluster" and "\n" not in why


BAD_VALUES = {
    "no name": ({}, "name", "missing"),
    "unknown key": (node(naem="x"), "naem", "not a key"),
    "unknown key before the name": ({"": 1, "name": "node"}, "", "not a key"),
    "key with control characters": (node() | {"a\n\x1b[31m": 1}, "a\\x0a\\x1b[31m", "not a key"),
    "key of 1 MiB": (node() | {"k" * MIB: 1}, None, "not a key"),
    "key in another case": (node(Interface="lo"), "Interface", "not a key"),
    "key given twice": ([("name", "node"), ("name", "other")], "name", "twice"),
    "list given twice": ([*node(addl_base_scripts=["a"]).items()] + [("addl_base_scripts", ["b"])], "addl_base_scripts", "twice"),
    "environment given twice": ([*node(env={"A": "1"}).items(), ("env", {"B": "1"})], "env", "twice"),
    "cluster given twice": ([*table().items()] * 2, "name", "twice"),
    "both sources": (node(interface="lo", pcap_file="/x"), "interface", "'node' has interface and pcap_file set"),
    "empty interface": (node(interface=""), "interface", "empty"),
    "empty pcap_file": (node(pcap_file=""), "pcap_file", "empty"),
    "newline in interface": (node(interface="lo\neth0"), "interface", "control"),
    "newline in pcap_file": (node(pcap_file="/a\nb"), "pcap_file", "control"),
    "interface too long": (node(interface="x" * 257), "interface", "longer"),
    "directory above": (node(directory="../x"), "directory", ".."),
    "directory around": (node(directory="a/../../x"), "directory", ".."),
    "absolute directory around": (node(directory="/srv/../etc"), "directory", ".."),
    "directory ends above": (node(directory="a/.."), "directory", ".."),
    "empty directory": (node(directory=""), "directory", "empty"),
    "newline in directory": (node(directory="a\nb"), "directory", "control"),
    "directory too long": (node(directory="x/" * 2048), "directory", "longer"),
    "stdout_file above": (node(stdout_file="../out"), "stdout_file", ".."),
    "stderr_file above": (node(stderr_file="/var/../etc/x"), "stderr_file", ".."),
    "empty stdout_file": (node(stdout_file=""), "stdout_file", "empty"),
    "script that is an option": (node(addl_base_scripts=["good", "-e"]), "addl_base_scripts", "'-'"),
    "user script that is an option": (node(addl_user_scripts=["--exec=x"]), "addl_user_scripts", "'-'"),
    "empty script": (node(addl_user_scripts=[""]), "addl_user_scripts", "empty"),
    "newline in a script": (node(addl_user_scripts=["a\nb"]), "addl_user_scripts", "control"),
    "affinity below zero": (node(cpu_affinity=-1), "cpu_affinity", "between"),
    "affinity beyond any machine": (node(cpu_affinity=1 << 40), "cpu_affinity", "between"),
    "nice too low": (node(nice=-21), "nice", "between -20 and 19"),
    "nice too high": (node(nice=Variant("t", (1 << 64) - 1)), "nice", "between -20 and 19"),
    "no tasks": (node(tasks_max=0), "tasks_max", "between"),
    "no memory": (node(memory_max=0), "memory_max", "between"),
    "no CPU": (node(cpu_quota_per_sec_usec=0), "cpu_quota_per_sec_usec", "between"),
    "weight too high": (node(cpu_weight=10001), "cpu_weight", "between 1 and 10000"),
    "weight too low": (node(io_weight=0), "io_weight", "between 1 and 10000"),
    "negative timeout": (node(stop_timeout_usec=-1), "stop_timeout_usec", "between"),
    "unknown restart": (node(restart="sometimes"), "restart", "always, on-failure or never"),
    "restart in another case": (node(restart="Always"), "restart", "always, on-failure or never"),
    "no CPUs": (node(allowed_cpus=""), "allowed_cpus", "list"),
    "CPUs backwards": (node(allowed_cpus="3-1"), "allowed_cpus", "list"),
    "CPUs in words": (node(allowed_cpus="all"), "allowed_cpus", "list"),
    "CPUs without end": (node(allowed_cpus="0-99999999999"), "allowed_cpus", "list"),
    "profile with a path": (node(seccomp="../none"), "seccomp", "name"),
    "empty profile": (node(seccomp=""), "seccomp", "name"),
    "profile that is not there": (node(seccomp="no-such"), "seccomp", "no-such"),
    "role unknown": (table(role="BOSS"), "cluster[node].role", "must be"),
    "role with another prefix": (table(role="Cluster::WORKER"), "cluster[node].role", "must be"),
    "role missing": (node(cluster={"node": {"host": "::1"}}), "cluster[node].role", "missing"),
    "host missing": (node(cluster={"node": {"role": "NONE"}}), "cluster[node].host", "missing"),
    "host by name": (table(host="localhost"), "cluster[node].host", "address"),
    "host too long": (table(host="1" * 100), "cluster[node].host", "longer"),
    "host empty": (table(host=""), "cluster[node].host", "address"),
    "port too high": (table(p=65536), "cluster[node].p", "between 0 and 65535"),
    "port below zero": (table(p=-1), "cluster[node].p", "between 0 and 65535"),
    "port far too high": (table(p=Variant("t", (1 << 64) - 1)), "cluster[node].p", "between 0 and 65535"),
    "metrics port too high": (table(metrics_port=1 << 16), "cluster[node].metrics_port", "between 0 and 65535"),
    "unknown key of an endpoint": (table(port=1), "cluster[node].port", "not a key"),
    "key of an endpoint twice": (
        node(cluster={"node": [("role", "NONE"), ("role", "NONE"), ("host", "::1")]}), "cluster[node].role", "twice",
    ),
    "newline in an endpoint's interface": (table(interface="a\nb"), "cluster[node].interface", "control"),
    "the node is not in its table": (node(cluster={"other": endpoint()}), "cluster", "'node'"),
    "a name twice in the table": (node(cluster=[("node", endpoint()), ("node", endpoint())]), "cluster", "'node'"),
}


def as_messages(config):
    """Pairs in the place of a dictionary keep what a dictionary cannot."""
    if isinstance(config, dict) and isinstance(config.get("cluster"), (list, dict)):
        return config | {"cluster": Variant("a{sa{sv}}", config["cluster"])}
    return config


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_value_is_refused(bus, case):
    config, key, reason = BAD_VALUES[case]
    named, why = refused(bus, as_messages(config))
    assert reason in why
    assert key is None or named == key


@pytest.mark.parametrize("name", UNSAFE)
def test_a_variable_that_changes_how_programs_load_is_refused(bus, name):
    key, why = refused(bus, node(env={"GOOD": "1", name: "x"}))
    assert key == f"env[{name}]" and "supervisor.conf" in why


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A\nB", "Ä", "A-B", "A" * 257, "A" * MIB], ids=lambda n: repr(n[:5]))
def test_a_bad_name_of_a_variable_is_refused(bus, name):
    key, why = refused(bus, node(env={name: "x"}))
    assert key.startswith("env[") and "name" in why


def test_a_variable_given_twice_is_refused(bus):
    assert refused(bus, node(env=Variant("a{ss}", [("A", "1"), ("A", "2")]))) == ("env[A]", "is given twice")


@pytest.mark.parametrize("key", STRINGS)
def test_a_string_of_a_mebibyte_is_refused(bus, key):
    assert refused(bus, node() | {key: "x" * MIB})[0] == key


@pytest.mark.parametrize("key", ENDPOINT_STRINGS)
def test_a_string_of_a_mebibyte_in_an_endpoint_is_refused(bus, key):
    assert refused(bus, table(**{key: "x" * MIB}))[0] == f"cluster[node].{key}"


LARGE = {
    "list of 10,000": (node(addl_base_scripts=["x"] * 10_000), "addl_base_scripts"),
    "another list of 10,000": (node(addl_user_scripts=["x"] * 10_000), "addl_user_scripts"),
    "environment of 10,000": (node(env={f"A{i}": "x" for i in range(10_000)}), "env"),
    "cluster of 10,000": (node(cluster={f"node-{i}": endpoint() for i in range(10_000)}), "cluster"),
    "dictionary of 10,000": (node() | {f"key-{i}": i for i in range(10_000)}, "key-0"),
    "script of 1 MiB": (node(addl_base_scripts=["x" * MIB]), "addl_base_scripts"),
    "variable of 1 MiB": (node(env={"A": "x" * MIB}), "env[A]"),
    "scripts of 2 MB together": (node(addl_base_scripts=["x" * 4000] * 500), "addl_base_scripts"),
    "variables of 16 MB together": (node(env={f"A{i}": "x" * 32_000 for i in range(500)}), "env"),
    "cluster of 16 MB": (
        node(cluster={"node": endpoint()} | {f"n-{i}": endpoint(pcap_file="x" * 4000) for i in range(4000)}), "cluster",
    ),
}


@pytest.mark.parametrize("case", LARGE)
def test_what_is_far_too_large_is_refused(bus, case):
    config, key = LARGE[case]
    assert refused(bus, as_messages(config))[0] == key


def test_the_memory_of_what_was_refused_is_given_back(machine, bus, clean):
    def memory():
        return int(machine.run(f"ps -o rss= -p {pid}").stdout) // 1024

    pid = clean.before["pid of the supervisor"]
    large = [LARGE[case][0] for case in LARGE]
    for config in large:
        refused(bus, as_messages(config))
    before = memory()
    for config in large * 2:
        refused(bus, as_messages(config))
    assert memory() - before < 32


def test_a_good_node_is_created_after_all_that(machine, bus):
    assert bus.create(node(directory="/tmp", stdout_file="/dev/null", cluster={"node": endpoint()})) == ""
    assert machine.status("node")["node"]["state"] == "running"
    assert bus.call("Destroy", "s", "node") is True
