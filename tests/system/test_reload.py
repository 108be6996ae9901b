# SPDX-License-Identifier: BSD-3-Clause
"""Reload: the configuration is read again, and only what is concerned changes."""

CONF = "/etc/zeek-supervisor/supervisor.conf.d/reload.conf"
STAY = {"ZEEK_STANDIN": "show,stay"}


def pid(machine, name):
    return machine.status(name)[name]["pid"]


def configure(machine, text):
    machine.lab.write(CONF, text)
    machine.call("Reload")


def test_a_node_that_would_be_started_differently_is_started_again(machine):
    machine.create("worker", env=STAY)
    before = pid(machine, "worker")
    configure(machine, "[Zeek]\nEnvironment=COLOUR=green\n")
    machine.wait_for(lambda: (status := machine.status("worker")["worker"])["pid"] != before and status["state"] == "running")
    machine.wait_for(lambda: "env.COLOUR=green" in machine.output("worker"))
    machine.call("Destroy", "s", "worker")


def test_a_reload_that_changes_nothing_touches_nobody(machine):
    configure(machine, "")
    machine.create("worker", env=STAY)
    before = pid(machine, "worker")
    machine.call("Reload")
    assert pid(machine, "worker") == before
    assert machine.status("worker")["worker"]["state"] == "running"
    machine.call("Destroy", "s", "worker")


def test_limits_are_set_on_the_running_scope(machine):
    configure(machine, "")
    machine.create("worker", env=STAY)
    before = pid(machine, "worker")
    configure(machine, "[Node]\nMemoryMax=123M\n")
    machine.wait_for(lambda: machine.show("zeek-node-worker.scope")["MemoryMax"] == str(123 * 2**20))
    assert pid(machine, "worker") == before
    machine.call("Destroy", "s", "worker")


def test_doubts_are_warnings_with_file_and_line(machine):
    configure(machine, "[Node]\nNice=5\nColour=red\nRestart=maybe\n[Nodes]\n")
    lines = [entry["MESSAGE"] for entry in machine.journal("_SYSTEMD_UNIT=zeek-supervisor.service", "PRIORITY=4")]
    for line in (3, 4, 5):
        assert any(f"{CONF}:{line}: " in text for text in lines), lines
    check = machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config", check=False)
    assert check.returncode == 1 and f"{CONF}:3: " in check.stdout
    configure(machine, "")


def test_the_version_of_zeek_is_asked_for_again(machine):
    machine.lab.write("/opt/zeek/bin/zeek.version", "8.1.0")
    machine.call("Reload")
    assert machine.bus.get("ZeekVersion") == "8.1.0"
    machine.run("rm /opt/zeek/bin/zeek.version")
    machine.call("Reload")
    assert machine.bus.get("ZeekVersion") == "7.0.11"


def test_systemctl_reload_does_the_same(machine):
    configure(machine, "")
    machine.lab.write(CONF, "[Supervisor]\nMaxNodes=1\n")
    machine.run("systemctl reload zeek-supervisor")
    machine.create("one", env=STAY)
    try:
        machine.create("two", env=STAY)
        raise AssertionError("there was room for two")
    except Exception as error:
        assert "LimitsExceeded" in str(error) and "MaxNodes=" in str(error)
    machine.call("Destroy", "s", "")
    configure(machine, "")
