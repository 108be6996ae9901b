# SPDX-License-Identifier: BSD-3-Clause
"""The way of rotated logs: from the logger into the queue, and from there to where they stay."""

import pathlib
import re

import pytest

from nodes import DIRECTORIES, LOG_QUEUE, STAY, cluster_of, create_ready

ROOT = pathlib.Path(__file__).parents[2]
BINARY = "/opt/zeek/bin/zeek-archiver"
NODE_CFG = "/etc/zeek-supervisor/node.cfg"
CONF = "/etc/zeek-supervisor/supervisor.conf.d/archiver.conf"
SCOPE = "zeek-archiver.scope"
ROTATED = re.compile(r"cluster__[-0-9]{19}__[-0-9]{19}__\.log")


def prepare(lab):
    lab.path(BINARY).unlink(missing_ok=True)


def install(machine, settings=""):
    machine.lab.write(BINARY, (ROOT / "tests/stand-in/zeek-archiver").read_text(), 0o755)
    machine.lab.write(CONF, f"[Archiver]\n{settings}")
    machine.call("Reload")


@pytest.fixture(autouse=True)
def nothing_stays(machine):
    yield
    machine.run(["rm", "-f", NODE_CFG])
    machine.call("Destroy", "s", "")
    machine.lab.path(BINARY).unlink(missing_ok=True)
    machine.lab.write(CONF, "")
    machine.call("Reload")
    machine.wait_for(lambda: processes(machine) == [] and machine.scopes() == [])
    machine.run(f"rm -rf {LOG_QUEUE}/* /var/log/zeek/* /tmp/logs")


def processes(machine):
    return machine.processes(f"zeek.slice/{SCOPE}")


def archiver(machine):
    """Its process, once it runs."""
    machine.wait_for(lambda: "watching" in said(machine) and processes(machine))
    return processes(machine)[0]


def said(machine, *matches):
    return " ".join(entry["MESSAGE"] for entry in machine.journal("SYSLOG_IDENTIFIER=zeek-archiver", *matches))


def archived(machine, directory):
    return [path.name for path in machine.lab.path(directory).glob("*/[!.]*.log.gz")]


def log_something(machine, name="logger"):
    create_ready(machine, name, env=STAY, cluster=cluster_of(**{name: "LOGGER"}))
    machine.call("Destroy", "s", name)


def test_without_it_logs_stay_in_the_queue(machine):
    log_something(machine)
    (log,) = machine.lab.path(LOG_QUEUE).iterdir()
    assert ROTATED.fullmatch(log.name)
    assert processes(machine) == []
    assert machine.output("logger", "stderr") == ["received termination signal"]


def test_a_crashed_logger_leaves_its_directory_to_the_next_which_takes_the_logs_from_there(machine):
    create_ready(machine, "logger", env=STAY, cluster=cluster_of(logger="LOGGER"))
    directory = machine.lab.path(f"{DIRECTORIES}/logger")
    own = f"{DIRECTORIES}/logger/own"
    machine.run(["runuser", "-u", "zeek", "--", "sh", "-c", f"mkdir {own}; echo kept >{own}/file"])
    before = machine.status("logger")["logger"]["pid"]
    machine.wait_for(lambda: {"cluster.log", ".shadow.cluster.log"} <= {path.name for path in directory.iterdir()})
    machine.run(["kill", "-KILL", str(before)])

    (log,) = machine.wait_for(lambda: list(machine.lab.path(LOG_QUEUE).iterdir()))
    assert ROTATED.fullmatch(log.name) and log.read_text().count("\n") > 1
    machine.wait_for(lambda: machine.status("logger")["logger"]["pid"] != before)
    assert (directory / "own/file").read_text() == "kept\n"


def test_logs_of_a_standalone_node_of_node_cfg_go_the_same_way(machine):
    machine.run("ip link set lo up")
    machine.lab.write(NODE_CFG, "[zeek]\ntype=standalone\nhost=localhost\ninterface=lo\nenv_vars=ZEEK_STANDIN=connections\n")
    machine.call("Reload")
    machine.wait_for(lambda: machine.status().get("zeek", {}).get("ready"))
    assert machine.node("zeek")["Config"]["addl_base_scripts"] == ["zeek-supervisor/logger"]
    connect = ["bash", "-c", "true </dev/tcp/127.0.0.1/9"]
    machine.wait_for(lambda: machine.run(connect, check=False) and machine.output("zeek"))

    machine.call("Destroy", "s", "zeek")
    (log,) = machine.lab.path(LOG_QUEUE).iterdir()
    assert re.fullmatch(r"conn__[-0-9]{19}__[-0-9]{19}__\.log", log.name)
    assert not any("not found" in line for line in machine.output("zeek", "stderr"))


def test_it_takes_logs_out_of_the_queue_as_the_loggers_user(machine):
    install(machine, "Arguments=-v\n")
    pid = archiver(machine)
    log_something(machine)
    machine.wait_for(lambda: archived(machine, "/var/log/zeek"))
    (log,) = archived(machine, "/var/log/zeek")
    assert ROTATED.fullmatch(log.removesuffix(".gz"))
    machine.wait_for(lambda: list(machine.lab.path(LOG_QUEUE).iterdir()) == [])
    machine.wait_for(lambda: f"archived {log.removesuffix('.gz')}" in said(machine, f"OBJECT_SYSTEMD_UNIT={SCOPE}"))
    assert machine.run(["stat", "-c", "%U", f"/proc/{pid}"]).stdout == "zeek\n"
    shown = machine.show(SCOPE)
    assert (shown["Slice"], shown["Description"]) == ("zeek.slice", "Zeek Log Archiver")
    assert "archiver" not in " ".join(machine.status())


def test_it_is_started_again_whatever_ended_it(machine):
    install(machine)
    first = archiver(machine)
    machine.run(["kill", "-KILL", str(first)])
    machine.wait_for(lambda: processes(machine) not in ([], [first]) and first not in processes(machine))
    events = machine.journal(f"OBJECT_SYSTEMD_UNIT={SCOPE}", "SYSLOG_IDENTIFIER=zeek-supervisord", "PRIORITY=4")
    assert re.fullmatch(r"zeek-archiver was killed by signal SIGKILL; it is started again in .* s", events[-1]["MESSAGE"])


@pytest.mark.parametrize("unit", ["zeek-supervisor.service", "zeek-stem.service"])
def test_there_is_one_whoever_died(machine, unit):
    install(machine)
    archiver(machine)
    machine.expect(f"{unit}: Failed with result")
    before = machine.main_pid(unit)
    machine.run(["systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit])
    machine.wait_for(lambda: machine.main_pid(unit) not in (0, before))
    log_something(machine)
    machine.wait_for(lambda: archived(machine, "/var/log/zeek"))
    group = f"/sys/fs/cgroup/zeek.slice/{SCOPE}/cgroup.procs"
    assert machine.run(f"for p in $(cat {group}); do ps -o comm= -p $p; done | grep -c zeek-archiver").stdout == "1\n"


def test_the_administrator_says_where_to_and_whether(machine):
    install(machine, "LogDirectory=/tmp/logs\nLogQueueDirectory=/var/lib/zeek-supervisor/nodes/queue\n")
    archiver(machine)
    log_something(machine)
    machine.wait_for(lambda: archived(machine, "/tmp/logs"))
    install(machine, "Archive=no\n")
    machine.wait_for(lambda: processes(machine) == [])
    machine.wait_for(lambda: SCOPE not in machine.run("systemctl list-units --all --plain --no-legend 'zeek-*'").stdout)


def test_it_ends_with_the_daemon(machine):
    install(machine)
    archiver(machine)
    machine.run("systemctl stop zeek-supervisor")
    assert processes(machine) == []
    machine.run("systemctl start zeek-supervisor")


def test_one_that_is_not_there_is_tried_again(machine):
    machine.lab.write(CONF, "[Archiver]\nBinary=/opt/zeek/bin/no-such-program\n")
    machine.call("Reload")
    find = ("SYSLOG_IDENTIFIER=zeek-supervisord", f"OBJECT_SYSTEMD_UNIT={SCOPE}")
    expected = "zeek-archiver could not be started: execute /opt/zeek/bin/no-such-program: No such file or directory"
    machine.wait_for(lambda: any(entry["MESSAGE"].startswith(expected) for entry in machine.journal(*find)))
