# SPDX-License-Identifier: BSD-3-Clause
"""What the daemons themselves can still do: little, by their units, and the supervisor by its own filter too."""

import re

import pytest
from nodes import STAY, of_role, play

# What `systemd-analyze security` says of them, at most: the score of 252; newer ones know some directives more.
EXPOSURE = {"zeek-supervisor.service": 0.9, "zeek-stem.service": 4.3}
TRACE = "/var/log/zeek-supervisor.trace"
HOOK = "/etc/zeek-supervisor/hooks.d/traced.hook"


@pytest.fixture(autouse=True)
def running(machine):
    machine.call("Status", "s", "")


@pytest.mark.parametrize("unit", EXPOSURE)
def test_a_daemon_is_exposed_no_more_than_it_has_to_be(machine, unit):
    if machine.lab.sanitizers:
        pytest.skip("sanitizers cannot live in the sandbox, so the lab opens it")
    output = machine.run(f"systemd-analyze security --no-pager {unit}").stdout
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", output)[1]) <= EXPOSURE[unit], output


def status_of(machine, unit):
    lines = machine.run(["cat", f"/proc/{machine.main_pid(unit)}/status"]).stdout.splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_the_supervisor_has_no_capability(machine):
    status = status_of(machine, "zeek-supervisor.service")
    sets = {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    assert (sets, status["NoNewPrivs"], status["Seccomp"]) == ({"0" * 16}, "1", "2")
    assert status["Uid"].split() == ["0"] * 4


def test_the_supervisor_can_write_nowhere_but_in_its_own_directory(machine):
    pid = machine.main_pid("zeek-supervisor.service")
    for place in "/", "/etc", "/usr", "/run", "/run/lock", "/run/zeek-stem", "/var/lib", "/var/lib/zeek-supervisor", "/var/log":
        result = machine.run(["nsenter", "-t", str(pid), "-m", "touch", f"{place}/x"], check=False)
        assert "Read-only file system" in result.stderr, place
    machine.run(["nsenter", "-t", str(pid), "-m", "sh", "-c", "touch /run/zeek-supervisor/x && rm /run/zeek-supervisor/x"])


def test_it_never_asks_for_what_its_own_filter_denies(machine):
    """Nearly all that it does, with strace beside it. clone3(2) is the one call that libraries try first."""
    restart = "systemctl daemon-reload && systemctl restart zeek-supervisor"
    strace = f"strace -D -f -qq -e signal=none -o {TRACE} /usr/lib/zeek-supervisor/zeek-supervisord"
    if machine.lab.sanitizers:
        pytest.skip("nobody else may trace what LeakSanitizer is to trace")
    # strace needs more than the unit allows; the daemon's own filter is what is looked at
    machine.lab.drop_in("zeek-supervisor.service", f"[Service]\nExecStart=\nExecStart=/usr/bin/{strace}\nSystemCallFilter=\n"
                        "MemoryDenyWriteExecute=no\nReadWritePaths=/var/log\n", name="trace")
    machine.lab.write(HOOK, "[Hook]\nExec=/bin/sh -c 'while read -r line; do echo pass; done'\n")
    try:
        machine.run(restart)
        machine.create("node", env=play("say=word", "stay"), **of_role("WORKER", "node"))
        machine.call("AddHook", "a{sv}", {"name": "rule", "match": "w.rd", "action": "pass"})
        machine.call("TestHooks", "sss", "node", "stdout", "word")
        machine.call("Restart", "s", "node")
        machine.wait_for(lambda: machine.output("node").count("word") == 2)
        machine.call("Reload")
        machine.run("systemctl restart zeek-supervisor")
        machine.create("other", env=STAY)
        machine.call("Destroy", "s", "")
        machine.call("RemoveHook", "s", "rule")
    finally:
        machine.lab.path(HOOK).unlink()
        machine.lab.path("/etc/systemd/system/zeek-supervisor.service.d/trace.conf").unlink()
        machine.run(restart)
    lines = machine.run(["cat", TRACE]).stdout.splitlines()
    denied = {match[1] for line in lines if (match := re.match(r"\d+ +(\w+)\(.* = -1 ENOSYS", line))}
    assert denied <= {"clone3"}
    calls = [line.split(maxsplit=1)[1].partition("(")[0] for line in lines]
    assert calls.index("seccomp") < calls.index("socket"), "it was confined before it could hear from anybody"
