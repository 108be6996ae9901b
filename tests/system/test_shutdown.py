# SPDX-License-Identifier: BSD-3-Clause
"""A stop of the service, or of the machine, stops all nodes in the order of their roles, and gives them their time."""

import json
import subprocess

import pytest
from machine import Machine
from nodes import EXITED, cluster_of, create_ready, play

CLUSTER = cluster_of(worker_1="WORKER", worker_2="WORKER", proxy_1="PROXY", manager="MANAGER", logger_1="LOGGER")
ROLES = ["worker", "proxy", "manager", "logger"]
STUBBORN = "worker-2"


def start_cluster(machine):
    for name in CLUSTER:
        stubborn = {"stop_timeout_usec": 300_000, "env": play("ignore-term", "stay", "children=1", "children-ignore-term")}
        patient = {"env": play("stay", "slow-term=400", "term-print=5")}
        create_ready(machine, name, cluster=CLUSTER, **(stubborn if name == STUBBORN else patient))
    create_ready(machine, "alone", env=play("slow-term=50", "stay"))


def check_story(entries):
    """Every node had its last words; none was stopped before those of the role before had ended."""
    ends = {entry["ZEEK_NODE"]: at for at, entry in enumerate(entries) if entry.get("MESSAGE_ID") == EXITED}
    printed = [(entry["ZEEK_NODE"], at) for at, entry in enumerate(entries) if entry.get("ZEEK_STREAM") == "stdout"]
    words = {name: [at for node, at in printed if node == name] for name in CLUSTER}
    assert ends.keys() == CLUSTER.keys() | {"alone"}
    for name in CLUSTER.keys() - {STUBBORN}:
        assert len(words[name]) == 5, name
    for first, second in zip(ROLES, ROLES[1:]):
        last_end = max(at for name, at in ends.items() if name.startswith(first))
        first_words = min(words[name][0] for name in CLUSTER if name.startswith(second) and words[name])
        assert last_end < first_words, (first, second)


def test_a_stop_of_the_service_stops_all_in_order_and_leaves_nothing(machine):
    start_cluster(machine)
    machine.run("systemctl stop zeek-supervisor")
    assert machine.scopes() == []
    assert machine.run(["pgrep", "-u", "zeek"], check=False).stdout == ""
    check_story(machine.journal("_SYSTEMD_UNIT=zeek-supervisor.service"))
    machine.run("systemctl start zeek-supervisor")
    assert machine.status() == {}


@pytest.mark.parametrize("bus", ["broker", "daemon"])
def test_a_machine_goes_down_in_order(lab_with, bus):
    lab = lab_with(bus=bus)
    start_cluster(Machine(lab))
    lab.run("systemctl poweroff")
    assert lab.container.process.wait(60) == 0
    journal = ["journalctl", "--output=json", "--all", "--quiet", f"--directory={lab.root}/var/log/journal"]
    output = subprocess.run([*journal, "_SYSTEMD_UNIT=zeek-supervisor.service"], check=True, capture_output=True, text=True)
    check_story([json.loads(line) for line in output.stdout.splitlines()])
