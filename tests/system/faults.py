# SPDX-License-Identifier: BSD-3-Clause
"""Things that go wrong around nodes, for tests that let them."""

import contextlib

SUPERVISOR = "zeek-supervisor.service"
STEM = "zeek-stem.service"
JOURNAL = "systemd-journald.service"
BUSES = ["dbus-broker.service", "dbus.service"]


def main_pid(machine, unit):
    return int(machine.show(unit)["MainPID"])


def signal_daemon(machine, unit, signal):
    """To the main process, whatever it does; a unit that has none at the moment has had its trouble already."""
    pid = main_pid(machine, unit)
    if pid:
        machine.run(["kill", f"-{signal}", str(pid)], check=False)
    return pid


def kill(*units, signal="KILL"):
    def fault(machine):
        for unit in units:
            signal_daemon(machine, unit, signal)

    fault.__name__ = f"{signal} " + " ".join(units)
    return fault


@contextlib.contextmanager
def frozen(machine, unit):
    """All of its processes: a broker of messages has two."""
    machine.run(["systemctl", "kill", "--signal=STOP", unit])
    try:
        yield
    finally:
        machine.run(["systemctl", "kill", "--signal=CONT", unit], check=False)


def systemctl(*words):
    def fault(machine):
        # a bus that is just being restarted has systemctl fail, and that is part of the fun
        machine.run(["systemctl", *words], check=False, timeout=90)

    fault.__name__ = "systemctl " + " ".join(words)
    return fault


def restart_bus(machine):
    for bus in BUSES:
        if machine.show(bus)["ActiveState"] == "active":
            machine.run(["systemctl", "restart", bus], check=False)


def stop_journal_for_a_moment(machine):
    with frozen(machine, JOURNAL):
        machine.run(["systemctl", "show", "--property=Version"], check=False)


FAULTS = [
    kill(SUPERVISOR),
    kill(STEM),
    kill(SUPERVISOR, STEM),
    kill(STEM, SUPERVISOR),
    kill(SUPERVISOR, signal="SEGV"),
    kill(STEM, signal="SEGV"),
    kill(SUPERVISOR, signal="TERM"),
    systemctl("restart", SUPERVISOR),
    systemctl("restart", STEM),
    systemctl("restart", SUPERVISOR, STEM),
    systemctl("restart", JOURNAL),
    systemctl("daemon-reload"),
    systemctl("daemon-reexec"),
    restart_bus,
    stop_journal_for_a_moment,
]
