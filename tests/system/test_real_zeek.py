# SPDX-License-Identifier: BSD-3-Clause
"""What only a real zeek can show: that it takes the command line, the layout and the scripts that it is given.

Runs where this machine has one (tests/lab/real_zeek.py), and only on this machine's own system, whose libraries it needs.
"""

import re
from pathlib import Path

import pytest
import real_zeek

from nodes import DIRECTORIES, LOG_QUEUE

ZEEK = real_zeek.find()
THERE = "/opt/real-zeek/bin"  # out of the way of the stand-in, which is /opt/zeek/bin/zeek in a lab
CAPTURES = "/opt/captures"
CONF = "/etc/zeek-supervisor/supervisor.conf.d/50-real-zeek.conf"
ROTATED = re.compile(r"\w+__[-0-9]{19}__[-0-9]{19}__.*\.log")
PATIENCE = 120  # it reads all of its scripts five times, on a machine that others use

LAB = {"binds": [(str(ZEEK.parent), THERE), (str(Path(__file__).parents[1] / "captures"), CAPTURES)]} if ZEEK else {}

NODE_CFG = """\
[DEFAULT]
host=localhost

[logger]
type=logger

[manager]
type=manager

[proxy]
type=proxy

[worker]
type=worker
interface=lo
lb_method=custom
lb_procs=2
"""
NODES = ["logger", "manager", "proxy", "worker-1", "worker-2"]

pytestmark = pytest.mark.skipif(not ZEEK, reason=real_zeek.NONE)


@pytest.fixture(scope="module", autouse=True)
def system_that_it_is_built_for(base):
    if base != "host":
        pytest.skip("the zeek of this machine does not belong to another system")


def prepare(lab):
    lab.write(CONF, f"[Zeek]\nBinary={THERE}/{ZEEK.name}\n")


@pytest.fixture(autouse=True)
def no_node_stays(machine):
    machine.run("ip link set lo up")
    yield
    machine.run(["rm", "-f", "/etc/zeek-supervisor/node.cfg"])
    machine.call("Destroy", "s", "")
    machine.call("Reload")


def complaints(machine, name):
    """What zeek prints on stderr when it does not like what it was given, or misses what ZeekControl brings along."""
    bad = re.compile(r"^(fatal )?error|not found|can't find|unknown|not a valid node")
    return [line for line in machine.output(name, "stderr") if bad.search(line)]


def test_its_version_is_known(machine):
    assert re.fullmatch(r"\d+\.\d+\.\d+", machine.bus.get("ZeekVersion"))
    assert machine.bus.get("ZeekBinary") == f"{THERE}/{ZEEK.name}"


def test_a_cluster_becomes_ready_and_leaves_its_logs_in_the_queue(machine):
    machine.lab.write("/etc/zeek-supervisor/node.cfg", NODE_CFG)
    machine.call("Reload")
    machine.wait_for(
        lambda: [name for name, node in sorted(machine.status().items()) if node["state"] == "running" and node["ready"]] == NODES,
        timeout=PATIENCE,
        what="all nodes to be ready",
    )
    assert {node["restarts"] for node in machine.status().values()} == {0}

    assert machine.call("Destroy", "s", "", timeout=PATIENCE) is True
    for name in NODES:
        assert complaints(machine, name) == []
        assert machine.lab.path(f"{DIRECTORIES}/{name}/.status").read_text().startswith("TERMINATED")
    logs = [log.name for log in machine.lab.path(LOG_QUEUE).iterdir()]
    assert any(log.startswith("cluster__") for log in logs) and all(ROTATED.fullmatch(log) for log in logs), logs


def test_a_node_reads_a_capture_and_finishes(machine):
    machine.create("reader", pcap_file=f"{CAPTURES}/mixed.pcap", restart="never")
    machine.wait_for(lambda: machine.status("reader")["reader"]["state"] == "finished", timeout=PATIENCE)
    assert complaints(machine, "reader") == []
    assert machine.lab.path(f"{DIRECTORIES}/reader/conn.log").exists()
