# SPDX-License-Identifier: BSD-3-Clause
"""Reload: the configuration is read again, and only what is concerned changes."""

import pytest
from bus import BusError
from faults import service_manager_frozen
from nodes import STAY, cluster_of, create_ready, of_role, play, scope
from raw_bus import RawBus

MAIN_CONF = "/etc/zeek-supervisor/supervisor.conf"
CONF = "/etc/zeek-supervisor/supervisor.conf.d/reload.conf"
SHOW = {"ZEEK_STANDIN": "show,stay"}


def pid(machine, name):
    return machine.status(name)[name]["pid"]


def configure(machine, text):
    machine.lab.write(CONF, text)
    machine.call("Reload")


@pytest.fixture(autouse=True)
def in_the_beginning(machine):
    """There is no configuration, and what a test leaves of it goes with its nodes."""
    yield
    machine.run(["rm", "-rf", CONF, MAIN_CONF])
    configure(machine, "[Node]\nStopTimeoutSec=100ms\n")
    machine.call("Destroy", "s", "")
    configure(machine, "")


def wait_for_restart(machine, name, before):
    def restarted():
        status = machine.status(name)[name]
        return status["pid"] != before and status["state"] == "running" and status["pid"]

    return machine.wait_for(restarted)


# What a change means for nodes that run


def test_a_node_that_would_be_started_differently_is_started_again(machine):
    machine.create("worker", env=SHOW)
    before = pid(machine, "worker")
    configure(machine, "[Zeek]\nEnvironment=COLOUR=green\n")
    wait_for_restart(machine, "worker", before)
    machine.wait_for(lambda: "env.COLOUR=green" in machine.output("worker"))
    assert machine.node("worker")["NRestarts"] == 0  # it is no failure of its own


@pytest.mark.parametrize(
    "setting",
    [
        "[Zeek]\nArguments=--no-checksums",
        "[Zeek]\nScripts=local frameworks/files/hash-all-files",
        "[Zeek]\nScriptPath=/opt/scripts",
        "[Node]\nUser=daemon",
        "[Node]\nGroup=adm",
        "[Node]\nNice=3",
        "[Node]\nUMask=0027",
        "[Node]\nOOMScoreAdjust=7",
        "[Node]\nLimitNOFILE=4096",
        "[Node]\nLimitCORE=0",
        "[Node]\nAmbientCapabilities=CAP_NET_ADMIN",
        "[Standalone]\nNice=3",
    ],
    ids=lambda setting: setting.split("\n")[1],
)
def test_what_a_process_gets_at_its_start_starts_it_again(machine, setting):
    machine.run(["install", "-d", "-m", "0777", "/srv/open"])
    machine.create("node", directory="/srv/open", env=STAY)
    before = pid(machine, "node")
    configure(machine, setting + "\n")
    wait_for_restart(machine, "node", before)


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "[Supervisor]\nMaxNodes=7\nLogLevel=debug",
        "[Logger]\nNice=5\nMemoryMax=1G",
        "[Node]\nRestart=never\nRestartDelaySec=7\nStopTimeoutSec=3\nReadyTimeoutSec=1",
        "[Node]\nMemoryMax=1G\nCPUWeight=20\nTasksMax=30",
        "[Node]\nLineMax=1K",
        "[Node]\nColour=red\nNice=very",
        "[Zeek]\nBinary=/no/such/zeek",
        "[Node]\nUser=nobody-knows-me",
    ],
    ids=lambda setting: setting.replace("\n", " "),
)
def test_what_does_not_concern_its_process_leaves_it_alone(machine, setting):
    machine.create("node", env=STAY)
    before = pid(machine, "node")
    configure(machine, setting + "\n")
    machine.call("Reload")
    assert pid(machine, "node") == before
    assert machine.status("node")["node"]["state"] == "running"


def test_all_that_change_are_started_again_role_by_role(machine):
    cluster = cluster_of(worker_1="WORKER", logger_1="LOGGER", manager="MANAGER", worker_2="WORKER")
    before = {}
    for name in cluster:
        create_ready(machine, name, cluster=cluster, env=play("ignore-term" if name == "manager" else "stay"))
        before[name] = pid(machine, name)
    configure(machine, "[Zeek]\nEnvironment=COLOUR=green\n")
    wait_for_restart(machine, "logger-1", before["logger-1"])
    machine.wait_for(lambda: machine.status("manager")["manager"]["state"] == "stopping")
    assert [pid(machine, name) for name in ("worker-1", "worker-2")] == [before["worker-1"], before["worker-2"]]
    machine.run(["kill", "-KILL", str(before["manager"])])
    for name in cluster:
        wait_for_restart(machine, name, before[name])


def test_who_waits_to_be_started_again_is_so_once_however_often_the_configuration_changes(machine, story):
    cluster = cluster_of(worker_1="WORKER", logger_1="LOGGER")
    create_ready(machine, "logger-1", cluster=cluster, env=play("ignore-term"))
    machine.create("worker-1", cluster=cluster, env=SHOW)
    for colour in "red", "green", "blue":
        configure(machine, f"[Zeek]\nEnvironment=COLOUR={colour}\n")
    story.wait("logger-1", State="stopping")
    machine.run(["kill", "-KILL", str(pid(machine, "logger-1"))])
    machine.wait_for(lambda: "env.COLOUR=blue" in machine.output("worker-1"))
    machine.create("last", env=STAY)
    story.signals.wait_for("NodeStatus", "last")
    assert len(story.starts("worker-1")) == 2 and len(story.starts("logger-1")) == 2


def test_a_change_that_is_taken_back_in_time_touches_nobody(machine, story):
    cluster = cluster_of(worker_1="WORKER", logger_1="LOGGER")
    create_ready(machine, "logger-1", cluster=cluster, env=play("ignore-term"))
    machine.create("worker-1", cluster=cluster, env=STAY)
    configure(machine, "[Zeek]\nEnvironment=COLOUR=red\n")
    story.wait("logger-1", State="stopping")
    configure(machine, "")
    machine.run(["kill", "-KILL", str(pid(machine, "logger-1"))])
    story.wait("logger-1", after=story.wait("logger-1", State="stopping"), State="running")
    machine.create("last", env=STAY)
    story.signals.wait_for("NodeStatus", "last")
    assert len(story.starts("worker-1")) == 1


LIMITS = {
    "MemoryMax": ("123M", str(123 * 2**20)),
    "MemoryHigh": ("100M", str(100 * 2**20)),
    "MemorySwapMax": ("7M", str(7 * 2**20)),
    "CPUQuota": ("50%", "500ms"),
    "CPUWeight": ("33", "33"),
    "IOWeight": ("44", "44"),
    "AllowedCPUs": ("0", "0"),
    "TasksMax": ("55", "55"),
}
SHOWN_AS = {"CPUQuota": "CPUQuotaPerSecUSec"}


def limits(machine, name):
    shown = machine.show(scope(name))
    return {limit: shown.get(SHOWN_AS.get(limit, limit), "") for limit in LIMITS}


def test_limits_are_set_on_the_running_scope_and_taken_from_it(machine):
    machine.create("worker", env=STAY)
    before = pid(machine, "worker")
    at_first = limits(machine, "worker")
    assert not at_first.items() & {(limit, value) for limit, (_, value) in LIMITS.items()}
    configure(machine, "[Node]\n" + "".join(f"{limit}={text}\n" for limit, (text, _) in LIMITS.items()))
    machine.wait_for(lambda: limits(machine, "worker") == {limit: value for limit, (_, value) in LIMITS.items()})
    configure(machine, "")
    machine.wait_for(lambda: limits(machine, "worker") == at_first)
    assert pid(machine, "worker") == before


def test_limits_of_its_own_stay(machine):
    machine.create("worker", memory_max=50 * 2**20, env=STAY)
    configure(machine, "[Node]\nMemoryMax=123M\nTasksMax=55\n")
    machine.wait_for(lambda: limits(machine, "worker")["TasksMax"] == "55")
    assert limits(machine, "worker")["MemoryMax"] == str(50 * 2**20)


def test_limits_that_did_not_change_are_no_work_for_the_service_manager(machine):
    configure(machine, "[Node]\nMemoryMax=123M\n")
    machine.create("worker", env=STAY)
    with machine.signals("type='method_call',interface='org.freedesktop.systemd1.Manager'") as calls:
        machine.call("Reload")
        configure(machine, "[Node]\nMemoryMax=124M\n")
        machine.wait_for(lambda: limits(machine, "worker")["MemoryMax"] == str(124 * 2**20))
    assert len(calls.named("SetUnitProperties")) <= 1


def test_how_an_end_is_answered_changes_at_once(machine, story):
    machine.create("node", env=STAY)
    configure(machine, "[Node]\nRestart=never\n")
    machine.run(["kill", "-KILL", str(pid(machine, "node"))])
    story.wait("node", State="finished")


def test_a_stop_that_is_under_way_keeps_its_time_and_the_next_has_the_new_one(machine, story):
    for name in "first", "second":
        create_ready(machine, name, env=play("ignore-term", "stay"))
    first = machine.bus.start_call("Destroy", "s", "first")
    story.wait("first", State="stopping")
    configure(machine, "[Node]\nStopTimeoutSec=100ms\n")
    assert machine.call("Destroy", "s", "second") is True
    assert not first.done()
    machine.run(["kill", "-KILL", str(pid(machine, "first"))])
    assert first.result() is True


# Nodes that do not run


def test_a_node_at_rest_takes_the_new_settings_at_its_next_start(machine, story):
    machine.create("node", restart="never", env=play("show", "exit", "after=50"))
    story.wait("node", State="finished")
    configure(machine, "[Zeek]\nEnvironment=COLOUR=green\n[Node]\nMemoryMax=77M\n")
    assert len(story.starts("node")) == 1
    assert machine.call("Restart", "s", "node") is True
    machine.wait_for(lambda: "env.COLOUR=green" in machine.output("node"))


def test_a_node_that_is_being_started_anew_takes_the_new_settings(machine, story):
    create_ready(machine, "node", env=play("show", "slow-term=300", "stay"))
    restart = machine.bus.start_call("Restart", "s", "node")
    story.wait("node", State="stopping")
    configure(machine, "[Zeek]\nEnvironment=COLOUR=amber\n")
    assert restart.result() is True
    machine.wait_for(lambda: "env.COLOUR=amber" in machine.output("node"))
    assert len(story.starts("node")) == 2


def test_a_node_whose_start_is_under_way_is_started_again_when_it_runs(machine, story):
    with RawBus(machine.lab) as client:
        machine.lab.write(CONF, "[Zeek]\nEnvironment=COLOUR=violet\n[Node]\nMemoryMax=99M\n")
        with service_manager_frozen(machine):
            create = client.send("Create", "a{sv}", {"name": "node", "env": SHOW})
            client.call("Reload")
        assert client.reply(create) == ""
    machine.wait_for(lambda: "env.COLOUR=violet" in machine.output("node"))
    machine.wait_for(lambda: limits(machine, "node")["MemoryMax"] == str(99 * 2**20))
    assert len(story.starts("node")) == 2


def test_a_node_whose_start_is_under_way_and_is_not_concerned_runs_on(machine, story):
    with RawBus(machine.lab) as client:
        machine.lab.write(CONF, "[Logger]\nNice=3\n[Node]\nMemoryMax=98M\n")
        with service_manager_frozen(machine):
            create = client.send("Create", "a{sv}", {"name": "node", "env": SHOW})
            client.call("Reload")
        assert client.reply(create) == ""
    machine.wait_for(lambda: limits(machine, "node")["MemoryMax"] == str(98 * 2**20))
    assert len(story.starts("node")) == 1


def test_a_create_that_waits_for_its_turn_is_made_by_the_new_settings(machine, story):
    create_ready(machine, "node", env=play("slow-term=300", "stay"))
    with RawBus(machine.lab) as client:
        calls = [client.send("Destroy", "s", "node"), client.send("Create", "a{sv}", {"name": "node", "env": SHOW})]
        story.wait("node", State="stopping")
        machine.lab.write(CONF, "[Zeek]\nEnvironment=COLOUR=pink\n[Node]\nRestart=never\n")
        client.call("Reload")
        assert [client.reply(call) for call in calls] == [True, ""]
    machine.wait_for(lambda: "env.COLOUR=pink" in machine.output("node"))
    machine.run(["kill", "-KILL", str(pid(machine, "node"))])
    story.wait("node", State="finished")


def test_creates_of_a_whole_cluster_and_reloads_in_any_order_end_with_the_last_settings(machine):
    cluster = cluster_of(**{f"worker_{n}": "WORKER" for n in range(8)}, logger_1="LOGGER", manager="MANAGER")
    with RawBus(machine.lab) as client:
        calls = []
        for turn, name in enumerate(cluster):
            machine.lab.write(CONF, f"[Zeek]\nEnvironment=COLOUR=shade-{turn}\n")
            calls.append(client.send("Create", "a{sv}", {"name": name, "cluster": cluster, "env": SHOW}))
            calls.append(client.send("Reload"))
        assert {client.reply(call) for call in calls} == {"", None}
    for name in cluster:
        machine.wait_for(lambda: f"env.COLOUR=shade-{len(cluster) - 1}" in machine.output(name)[-200:])
        assert machine.status(name)[name]["state"] == "running"


# Several at once


def test_reloads_at_once_are_all_answered_when_what_was_written_before_is_in_force(machine):
    with RawBus(machine.lab) as client:
        calls = [client.send("Reload") for _ in range(10)]
        machine.lab.write("/opt/zeek/bin/zeek.version", "8.2.0")
        calls += [client.send("Reload") for _ in range(10)]
        assert {client.reply(call) for call in calls} == {None}
    assert machine.bus.get("ZeekVersion") == "8.2.0"
    machine.run("rm /opt/zeek/bin/zeek.version")


# What is wrong with the files


def test_doubts_are_warnings_with_file_and_line(machine):
    configure(machine, "[Node]\nNice=5\nColour=red\nRestart=maybe\n[Nodes]\n")
    lines = [entry["MESSAGE"] for entry in machine.journal("_SYSTEMD_UNIT=zeek-supervisor.service", "PRIORITY=4")]
    for line in (3, 4, 5):
        assert any(f"{CONF}:{line}: " in text for text in lines), lines
    check = machine.run("/usr/lib/zeek-supervisor/zeek-supervisord --check-config", check=False)
    assert check.returncode == 1 and f"{CONF}:3: " in check.stdout


UNREADABLE = {
    "a directory": "mkdir {0}",
    "a FIFO": "mkfifo {0}",
    "somebody else's": "echo >{0}; chown zeek {0}; chmod 0600 {0}",
    "too large": "truncate -s 2M {0}",
}


@pytest.mark.parametrize("file", [MAIN_CONF, CONF])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_changes_nothing_and_is_named(machine, file, kind):
    configure(machine, "[Node]\nNice=4\n[Supervisor]\nMaxNodes=2\n")
    machine.create("node", env=STAY)
    before = pid(machine, "node")
    machine.run(f"rm -f {file}; " + UNREADABLE[kind].format(file))
    with pytest.raises(BusError, match=f"InvalidConfig: {file}: "):
        machine.call("Reload")
    machine.expect(f"zeek-supervisord: {file}: ")
    machine.expect(f"busctl: Call failed: {file}: ")
    reload = machine.run(["systemctl", "reload", "zeek-supervisor"], check=False)
    assert reload.returncode != 0
    machine.create("two", env=STAY)
    with pytest.raises(BusError, match="LimitsExceeded.*MaxNodes="):
        machine.create("three", env=STAY)
    assert pid(machine, "node") == before


def test_a_directory_of_drop_ins_that_cannot_be_read_changes_nothing_and_is_named(machine):
    configure(machine, "[Node]\nNice=4\n")
    directory = CONF.rpartition("/")[0]
    machine.create("node", env=STAY)
    before = pid(machine, "node")
    machine.run(f"chown zeek {directory}; chmod 0700 {directory}")
    machine.expect(f"zeek-supervisord: {directory}: .*Permission denied")
    with pytest.raises(BusError, match=f"InvalidConfig: {directory}: .*Permission denied"):
        machine.call("Reload")
    machine.run(f"chown root {directory}; chmod 0755 {directory}")
    assert pid(machine, "node") == before


# What has to be found out about zeek


def test_the_version_of_zeek_is_asked_for_again(machine):
    machine.lab.write("/opt/zeek/bin/zeek.version", "8.1.0")
    machine.call("Reload")
    assert machine.bus.get("ZeekVersion") == "8.1.0"
    machine.run("rm /opt/zeek/bin/zeek.version")
    machine.call("Reload")
    assert machine.bus.get("ZeekVersion") == "7.0.11"


def test_a_zeek_that_cannot_be_asked_at_the_moment_is_what_it_was(machine):
    """As while a package is upgraded: nothing is stopped that could not be started again."""
    machine.create("node", **of_role("WORKER", "node"), env=STAY)
    before = pid(machine, "node")
    machine.run("mv /opt/zeek/bin/zeek /opt/zeek/bin/zeek.real; printf '#!/bin/false\\n' >/opt/zeek/bin/zeek; chmod +x /opt/zeek/bin/zeek")
    try:
        machine.call("Reload")
        assert machine.bus.get("ZeekVersion") == "7.0.11"
        assert pid(machine, "node") == before
    finally:
        machine.run("mv /opt/zeek/bin/zeek.real /opt/zeek/bin/zeek")


# From systemd


def test_systemctl_reload_does_the_same(machine):
    machine.lab.write(CONF, "[Supervisor]\nMaxNodes=1\n")
    machine.run("systemctl reload zeek-supervisor")
    machine.create("one", env=STAY)
    with pytest.raises(BusError, match="LimitsExceeded.*MaxNodes="):
        machine.create("two", env=STAY)
