# SPDX-License-Identifier: BSD-3-Clause
"""Readiness: what a node writes into its status file, and who waits for it."""

import pytest

from nodes import DIRECTORIES, STAY, Story, cluster_of, create_ready, play

SUPERVISOR, STEM = "zeek-supervisor.service", "zeek-stem.service"

# It does not say RUNNING. Whether and when it does, is up to the test.
SILENT = play("status=INITIALIZING [main]", "stay")


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/ready.conf", "[Proxy]\nReadyTimeoutSec=300ms\n")


@pytest.fixture(autouse=True)
def nothing_stays(machine):
    yield
    machine.call("Destroy", "s", "")
    assert machine.status() == {}
    assert machine.scopes() == []


def status_file(machine, name):
    return machine.lab.path(f"{DIRECTORIES}/{name}/.status")


def say(machine, name, text):
    """As the node itself does it."""
    machine.run(f"echo '{text}' > {DIRECTORIES}/{name}/.status", user="zeek")


def is_ready(machine, name):
    return machine.status(name)[name]["ready"]


def create_silent(machine, name, **config):
    machine.create(name, env=SILENT, **config)
    machine.wait_for(lambda: status_file(machine, name).read_text().startswith("INIT"))


def test_it_is_ready_once_it_says_that_it_runs(machine):
    with Story(machine) as story:
        create_silent(machine, "node")
        assert not is_ready(machine, "node")
        assert story.wait("node", State="running")["Ready"] is False
        say(machine, "node", "RUNNING [run_loop]")
        story.wait("node", State="running", Ready=True)
        assert is_ready(machine, "node") and machine.node("node")["Ready"]
        stopped = machine.call("Restart", "s", "node")
        assert stopped and story.wait("node", State="stopping")["Ready"] is False
    status = status_file(machine, "node").stat()
    assert status.st_mode & 0o777 == 0o644


@pytest.mark.parametrize("who", [[SUPERVISOR], [STEM], [SUPERVISOR, STEM]], ids=["supervisor", "stem", "both"])
def test_what_is_known_outlives_the_daemons(machine, who):
    create_ready(machine, "ready", env=STAY)
    machine.wait_for(lambda: is_ready(machine, "ready"))
    for name in "before", "meanwhile":
        create_silent(machine, name)
    machine.expect("zeek-(stem|supervisor).service: Failed with result")
    machine.run(["systemctl", "kill", "--kill-whom=main", "--signal=KILL", *who])
    say(machine, "meanwhile", "RUNNING [run_loop]")
    machine.wait_for(lambda: is_ready(machine, "meanwhile"))
    assert is_ready(machine, "ready") and not is_ready(machine, "before")
    say(machine, "before", "RUNNING [run_loop]")
    machine.wait_for(lambda: is_ready(machine, "before"))


def test_roles_wait_for_those_before_them_to_be_ready(machine):
    roles = {"logger": "LOGGER", "manager": "MANAGER", "proxy_1": "PROXY", "worker_1": "WORKER"}
    cluster = cluster_of(**roles)
    create_silent(machine, "logger", cluster=cluster)
    calls = [
        machine.bus.start_call("Create", "a{sv}", {"name": name, "cluster": cluster, "env": env})
        for name, env in {"worker-1": STAY, "proxy-1": SILENT, "manager": STAY}.items()
    ]

    def states():
        return {name: status["state"] for name, status in machine.status().items()}

    machine.wait_for(lambda: len(states()) == 4)
    assert states() == {"logger": "running", "manager": "starting", "proxy-1": "starting", "worker-1": "starting"}
    say(machine, "logger", "RUNNING [run_loop]")
    for call in calls:
        assert call.result() == ""  # the proxy is never ready: the worker has waited for it as long as it is told to
    starts = {name: status["started_usec"] for name, status in machine.status().items()}
    assert sorted(starts, key=starts.get) == ["logger", "manager", "proxy-1", "worker-1"]
    assert starts["worker-1"] - starts["proxy-1"] >= 300_000
    assert not is_ready(machine, "proxy-1")


def test_what_the_node_does_to_its_file_changes_nothing(machine):
    create_ready(machine, "node", env=STAY)
    machine.wait_for(lambda: is_ready(machine, "node"))
    directory = f"{DIRECTORIES}/node"
    for command in (
        "echo nonsense > .status",
        "head -c 1000000 /dev/zero > .status",
        "chmod 0 .status",
        "rm .status; ln -s /etc/shadow .status",
        "rm .status; mkfifo .status",
        "rm .status; mkdir .status",
    ):
        machine.run(f"cd {directory} && {command}", user="zeek")
        assert is_ready(machine, "node")
    # and the next start begins with a file of its own
    machine.run(f"rmdir {directory}/.status; ln -s {directory}/victim {directory}/.status", user="zeek")
    machine.call("Restart", "s", "node")
    machine.wait_for(lambda: is_ready(machine, "node"))
    assert not status_file(machine, "node").is_symlink()


def test_one_that_writes_all_the_time_costs_only_itself(machine):
    noise = "exec=while :; do echo RUNNING > .status; echo INITIALIZING > .status; done"
    machine.create("noisy", env=play(noise))
    machine.wait_for(lambda: is_ready(machine, "noisy"))
    create_silent(machine, "quiet")
    say(machine, "quiet", "RUNNING [run_loop]")
    machine.wait_for(lambda: is_ready(machine, "quiet"))
    assert is_ready(machine, "noisy")


def test_one_that_has_terminated_is_not_waited_for(machine):
    machine.create("hangs", env=play("ignore-term", "stay"))
    machine.wait_for(lambda: is_ready(machine, "hangs"))
    call = machine.bus.start_call("Destroy", "s", "hangs")
    machine.wait_for(lambda: machine.status("hangs")["hangs"]["state"] == "stopping")
    say(machine, "hangs", "TERMINATED [atexit]")
    assert call.result()  # its stop timeout is a minute
