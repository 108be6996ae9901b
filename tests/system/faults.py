# SPDX-License-Identifier: BSD-3-Clause
"""Things that go wrong around nodes, for tests that let them."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

SUPERVISOR = "zeek-supervisor.service"
STEM = "zeek-stem.service"
JOURNAL = "systemd-journald.service"
BUS = "dbus.service"

WATCHDOG_SEC = 3
START_SEC = 20  # the watchdog of a daemon that is still starting


def prepare(lab):
    """So that it is us who decide how often something may die, and that it dies quickly."""
    for unit in SUPERVISOR, STEM:
        lab.drop_in(unit, f"[Service]\nLimitCORE=0\nWatchdogSec={WATCHDOG_SEC}s\nTimeoutStartSec={START_SEC}s\n")
    for unit in BUS, "dbus-broker.service", JOURNAL:
        lab.drop_in(unit, "[Unit]\nStartLimitIntervalSec=0\n")


def processes(machine, group):
    """Those of a control group, as we number them: a signal of ours is there at once."""
    try:
        return [int(pid) for pid in machine.lab.path(f"/sys/fs/cgroup/{group}/cgroup.procs").read_text().split()]
    except OSError:
        return []


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def is_alive(pid):
    """No zombie, which it remains until its parent wants to know how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def number_inside(pid):
    """How the lab numbers a process; None: it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[-1]) for line in status.splitlines() if line.startswith("NSpid:"))


def mains(machine, unit):
    """The main process of a service of the system, or none: other processes of it are children of that one."""
    leader = machine.lab.container.leader
    return [pid for pid in processes(machine, f"system.slice/{unit}") if parent(pid) == leader]


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def frozen(machine, unit):
    """All of its processes: a broker of messages has two."""
    machine.run(["systemctl", "kill", "--signal=STOP", unit])
    try:
        yield
    finally:
        machine.run(["systemctl", "kill", "--signal=CONT", unit], check=False)


@contextlib.contextmanager
def service_manager_frozen(machine):
    """PID 1 does nothing for a while; nor does whoever waits for it."""
    os.kill(machine.lab.container.leader, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(machine.lab.container.leader, signal.SIGCONT)


@contextlib.contextmanager
def all_descriptors_lost(machine):
    """Both daemons are dead, and nothing is kept for them; at the end of the context they are there again."""
    units = SUPERVISOR, STEM
    for unit in units:
        machine.lab.drop_in(unit, "[Service]\nRestart=no\nFileDescriptorStorePreserve=no\n", name="lost")
        machine.expect(f"{unit}: Failed with result")
    machine.run("systemctl daemon-reload")
    send([pid for unit in units for pid in mains(machine, unit)], signal.SIGKILL)
    for unit in units:
        machine.wait_for(lambda: machine.show(unit)["ActiveState"] == "failed")
        machine.lab.path(f"/etc/systemd/system/{unit}.d/lost.conf").unlink()
    yield
    machine.run("systemctl daemon-reload; systemctl reset-failed; systemctl start zeek-supervisor")


class Fault(NamedTuple):
    name: str
    strike: object
    ends: tuple = ()  # daemons that have come to an end by it


def ending(number, *units):
    """Signals at one and the same moment, as far as there is one."""

    def strike(machine):
        targets = [pid for unit in units for pid in mains(machine, unit)]
        send(targets, number)

    return Fault(f"{number.name} {' '.join(units)}", strike, units)


def kill_again_and_again(machine):
    """Each time as soon as it is there again."""
    before = []
    for _ in range(3):
        deadline = time.monotonic() + 2
        while not (pids := [pid for pid in mains(machine, STEM) if pid not in before]) and time.monotonic() < deadline:
            time.sleep(0.001)
        send(pids, signal.SIGKILL)
        before += pids


def starve(*units):
    """It does not answer, until its watchdog bites."""

    def strike(machine):
        pids = [pid for unit in units for pid in mains(machine, unit)]
        send(pids, signal.SIGSTOP)
        machine.wait_for(lambda: not any(map(is_alive, pids)), 2 * START_SEC, "the watchdog to bite")

    return Fault(f"watchdog {' '.join(units)}", strike, units)


def systemctl(*words, ends=()):
    def strike(machine):
        # a bus that is just being restarted has systemctl fail, and that is part of the fun
        machine.run(["systemctl", *words], check=False, timeout=90)

    return Fault("systemctl " + " ".join(words), strike, ends)


def replace_binaries(machine):
    machine.run(
        "for f in $(systemctl show -P ExecStart zeek-supervisor zeek-stem | grep -o 'path=[^ ;]*' | cut -d= -f2); do "
        "cp -p $f $f.new && mv $f.new $f; done; systemctl daemon-reload; systemctl restart zeek-stem zeek-supervisor",
        check=False,
    )


def stop_journal_for_a_moment(machine):
    with frozen(machine, JOURNAL):
        time.sleep(0.2)


def stop_manager_for_a_moment(machine):
    leader = [machine.lab.container.leader]
    send(leader, signal.SIGSTOP)
    time.sleep(0.2)
    send(leader, signal.SIGCONT)


FAULTS = [
    ending(signal.SIGKILL, SUPERVISOR),
    ending(signal.SIGKILL, STEM),
    ending(signal.SIGKILL, SUPERVISOR, STEM),
    ending(signal.SIGKILL, STEM, SUPERVISOR),
    ending(signal.SIGSEGV, SUPERVISOR),
    ending(signal.SIGSEGV, STEM),
    ending(signal.SIGTERM, SUPERVISOR),
    ending(signal.SIGTERM, STEM),
    Fault("the stem is killed again and again", kill_again_and_again, (STEM,)),
    starve(SUPERVISOR),
    starve(STEM),
    systemctl("restart", SUPERVISOR, ends=(SUPERVISOR,)),
    systemctl("restart", STEM, ends=(STEM,)),
    systemctl("restart", SUPERVISOR, STEM, ends=(SUPERVISOR, STEM)),
    Fault("another version is installed", replace_binaries, (SUPERVISOR, STEM)),
    systemctl("restart", JOURNAL),
    systemctl("daemon-reload"),
    systemctl("daemon-reexec"),
    systemctl("restart", BUS, ends=(BUS,)),
    Fault("the journal stands still", stop_journal_for_a_moment),
    Fault("the service manager stands still", stop_manager_for_a_moment),
]
