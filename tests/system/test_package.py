# SPDX-License-Identifier: BSD-3-Clause
"""The Debian package: installed, upgraded under running nodes, removed, purged."""

import re
import shutil

import pytest
from machine import Machine
from nodes import STAY, cluster_of, play

LAB = {"stage": None, "sanitizers": False}
COUNT = play("exec=n=0; while n=$((n + 1)); do echo line $n; sleep 0.01; done")
ZEEK = "/opt/zeek/bin/zeek"
PACKAGE = "zeek-supervisor"


@pytest.fixture(scope="module")
def bare(request, lab):
    """A machine that has zeek and not yet the supervisor."""
    if request.config.getoption("sanitizers"):
        pytest.skip("packages are built without them")
    packages, stage = map(request.config.getoption, ("packages", "stage"))
    if not packages or not stage:
        pytest.fail("a test of the packages needs --packages, and --stage for its zeek")
    lab.path(ZEEK).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(stage / ZEEK.lstrip("/"), lab.path(ZEEK))
    for version in "old", "new":
        (package,) = (packages / version).glob(f"{PACKAGE}_*.deb")
        shutil.copy(package, lab.path(f"/root/{version}.deb"))
    # what keeps packages from starting services in images, and what takes long
    lab.run("rm -f /usr/sbin/policy-rc.d /var/lib/man-db/auto-update")
    return Machine(lab)


@pytest.fixture
def machine(bare):
    """A machine on which the older package was just installed."""
    before = traces(bare)
    dpkg(bare, "--install", "/root/old.deb")
    yield bare
    dpkg(bare, "--purge", PACKAGE)
    assert traces(bare) == before
    assert bare.problems() == []


def dpkg(machine, *words):
    done = machine.run(["env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *words], timeout=180)
    troubles = re.findall(r"(?im)^.*(?:error|fail|warning).*$", done.stdout + done.stderr)
    # of a folder of others that Debian 13 has under another name than Debian 12, for which the package was built
    assert [trouble for trouble in troubles if "not empty so not removed" not in trouble or "/zeek" in trouble] == []


def traces(machine):
    """What the package could leave behind."""
    find = "find /etc /run /usr /var -xdev -name '*zeek*' -not -path '/proc/*' -not -path '/var/log/journal/*' | sort"
    return {
        "files": machine.run(find).stdout.splitlines(),
        "users": machine.run("getent passwd; getent group").stdout,
        "units": machine.run("systemctl list-units --all --plain --no-legend '*zeek*'").stdout,
        "processes": machine.run("ps -C zeek,zeek-stem,zeek-supervisord -o pid,args --no-headers", check=False).stdout,
    }


def version_of(machine, package):
    return machine.run(["dpkg-deb", "--field", f"/root/{package}.deb", "Version"]).stdout.strip()


def main_pids(machine):
    return [machine.show(f"zeek-{name}.service")["MainPID"] for name in ("stem", "supervisor")]


def test_it_runs_once_it_is_installed(machine):
    assert machine.show("zeek-supervisor.service")["ActiveState"] == "active"
    for unit in "zeek-supervisor.service", "zeek-stem.socket", "zeek-supervisor-metrics.socket":
        assert machine.run(["systemctl", "is-enabled", unit]).stdout.strip() == "enabled"
    assert machine.bus.get("Version") == version_of(machine, "old")
    assert machine.create("node", env=STAY) == ""
    metrics = machine.run("curl -sSf --unix-socket /run/zeek-supervisor-metrics/socket http://localhost/metrics").stdout
    assert f'zeek_supervisor_info{{version="{version_of(machine, "old")}"' in metrics
    assert machine.run("ps -o user= -p %d" % machine.node("node")["PID"]).stdout.strip() == "zeek"


def test_an_upgrade_leaves_nodes_alone(machine):
    cluster = cluster_of(manager="MANAGER", worker_1="WORKER")
    machine.create("manager", env=STAY, cluster=cluster)
    machine.create("worker-1", env=COUNT, cluster=cluster)
    nodes = {name: machine.node(name)["PID"] for name in ("manager", "worker-1")}
    daemons = main_pids(machine)

    dpkg(machine, "--install", "/root/new.deb")

    assert machine.bus.get("Version") == version_of(machine, "new") != version_of(machine, "old")
    assert not set(main_pids(machine)) & set(daemons)
    assert {name: machine.node(name)["PID"] for name in nodes} == nodes
    assert [machine.node(name)["NRestarts"] for name in nodes] == [0, 0]
    machine.wait_for(lambda: len(machine.output("worker-1")) > 400)
    lines = machine.output("worker-1")
    assert lines == [f"line {n}" for n in range(1, len(lines) + 1)]
    assert machine.call("Restart", "s", "worker-1") is True
    assert machine.node("worker-1")["PID"] != nodes["worker-1"]


def test_an_upgrade_keeps_what_the_administrator_wrote(machine):
    written = "/etc/zeek-supervisor/supervisor.conf.d/site.conf"
    machine.lab.write(written, "[Supervisor]\nMaxNodes=7\n")
    machine.run("systemctl disable --now zeek-supervisor")
    dpkg(machine, "--install", "/root/new.deb")
    assert "MaxNodes=7" in machine.lab.path(written).read_text()
    assert machine.show("zeek-supervisor.service")["ActiveState"] == "inactive"
    assert machine.run("systemctl is-enabled zeek-supervisor", check=False).stdout.strip() == "disabled"


def test_removal_stops_nodes_in_order_and_keeps_the_configuration(machine):
    cluster = cluster_of(logger="LOGGER", manager="MANAGER", worker_1="WORKER")
    for name in "logger", "manager", "worker-1":
        machine.create(name, env=STAY, cluster=cluster)
    machine.lab.write("/etc/zeek-supervisor/supervisor.conf.d/site.conf", "[Supervisor]\nMaxNodes=7\n")

    dpkg(machine, "--remove", PACKAGE)

    assert machine.scopes() == []
    ends = [e["ZEEK_NODE"] for e in machine.journal("MESSAGE_ID=ced6e487fe1c459489d82fb2bf50c70c")][-3:]
    assert ends == ["worker-1", "manager", "logger"]
    assert machine.lab.path("/etc/zeek-supervisor/supervisor.conf.d/site.conf").exists()
    assert not machine.lab.path("/run/zeek-supervisor").exists()


def test_a_user_of_the_administrator_stays(bare):
    bare.run("useradd --system --home-dir /srv/zeek zeek")
    dpkg(bare, "--install", "/root/old.deb")
    dpkg(bare, "--purge", PACKAGE)
    assert "/srv/zeek" in bare.run("getent passwd zeek").stdout
    bare.run("userdel zeek")
