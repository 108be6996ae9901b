# SPDX-License-Identifier: BSD-3-Clause
"""The machine that is measured: a lab with the supervisor, the programs of the benchmark and the peers on it."""

import os
import signal
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass

PROGRAMS = "/usr/lib/zeek-bench"
NODE = f"{PROGRAMS}/node"
SUPERVISOR, STEM, JOURNAL = "zeek-supervisor.service", "zeek-stem.service", "systemd-journald.service"
DAEMONS = SUPERVISOR, STEM
TIMEOUT = 120


@dataclass
class Scale:
    """How much is measured."""

    rounds: int
    repeats: int  # of one thing in a round
    nodes: int
    lines: int
    seconds: float  # of watching
    churn: int  # nodes made and destroyed


def field(text, name):
    return next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:"))


class Rig:
    def __init__(self, lab, scale):
        self.lab = lab
        self.scale = scale

    def prepare(self, peers):
        """The machine is up: from here on the daemons run, and the peers that it has."""
        self.peers = [peer for peer in (kind(self) for kind in peers) if self.has(peer.command)]
        for peer in self.peers:
            peer.prepare()
        self.lab.run(["systemctl", "daemon-reload"])
        services = [peer.service for peer in self.peers if peer.service]
        self.lab.run(["systemctl", "start", SUPERVISOR, STEM, *services])

    def restart_daemons(self):
        """As if nothing had happened yet."""
        self.lab.run(["systemctl", "stop", SUPERVISOR, STEM], timeout=TIMEOUT)
        self.lab.run(["systemctl", "start", SUPERVISOR, STEM])
        self.settle()

    # Programs of the benchmark

    def start(self, program, *arguments, **options):
        words = [f"{PROGRAMS}/{program}", *map(str, arguments)]
        return self.lab.popen(words, stdout=-1, stderr=-1, **options)

    def finish(self, process):
        """What it reported: lists of values by their keys."""
        try:
            output, errors = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if process.returncode != 0:
            raise RuntimeError(f"{process.args} failed: {errors}")
        values = defaultdict(list)
        for line in output.splitlines():
            key, value = line.split()
            values[key].append(int(value))
        return values

    def measure(self, program, *arguments):
        return self.finish(self.start(program, *arguments))

    def floor(self, *arguments, per_slice=0):
        values = self.measure("floor", *arguments, NODE, *([per_slice] if per_slice else []))
        self.settle()
        return values

    def client(self, *arguments):
        return self.measure("client", *arguments)

    def destroy_all(self):
        self.call("Destroy", "s", "")
        self.settle()

    def settle(self):
        """What was measured last may still have the service manager clean up."""
        time.sleep(0.1)
        self.lab.run(["systemctl", "list-jobs", "--no-legend"])

    def call(self, member, *words):
        call = ["busctl", "--timeout=120", "call", "org.zeek.Supervisor", "/org/zeek/Supervisor", "org.zeek.Supervisor"]
        return self.lab.run([*call, member, *map(str, words)], timeout=TIMEOUT).stdout

    def create(self, name, **environment):
        variables = [word for item in environment.items() for word in item]
        self.call("Create", "a{sv}", 2, "name", "s", name, "env", "a{ss}", len(environment), *variables)

    def run_lines(self, name, lines, counter):
        """Has a node print so many lines; returns when all of them are where they go, and the time that it took."""
        began = time.monotonic_ns()
        self.create(name, BENCH_LINES=lines)
        while (done := self.node_property(name, counter)) < lines:
            time.sleep(0.02)
            if time.monotonic_ns() - began > TIMEOUT * 1e9:
                raise RuntimeError(f"{counter} of {name} is {done} of {lines}")
        took = time.monotonic_ns() - began
        self.destroy_all()
        return took

    def node_property(self, name, property):
        get = ["busctl", "get-property", "org.zeek.Supervisor", f"/org/zeek/Supervisor/node/{name}"]
        return int(self.lab.run([*get, "org.zeek.Supervisor.Node", property]).stdout.split()[1])

    # Daemons

    def pid(self, unit):
        return int(self.lab.run(["systemctl", "show", "--property=MainPID", "--value", unit]).stdout)

    def _proc(self, pid, file):
        return self.lab.path(f"/proc/{pid}/{file}").read_text()

    def _processes(self, unit):
        """The daemon and what it keeps beside itself; its other children are nodes."""
        pid = self.pid(unit)
        children = self._proc(pid, f"task/{pid}/children").split()
        return [pid, *(child for child in children if self._proc(child, "comm") == "zeek-forker\n")]

    def cpu(self, unit):
        """Nanoseconds that its main thread has run."""
        return int(self._proc(self.pid(unit), "schedstat").split()[0])

    def wakeups(self, unit):
        """How often its main thread went to sleep."""
        return int(field(self._proc(self.pid(unit), "status"), "voluntary_ctxt_switches"))

    def memory(self, unit, what="Pss"):
        """Bytes, of all its processes."""
        return 1024 * sum(int(field(self._proc(pid, "smaps_rollup"), what)) for pid in self._processes(unit))

    def peak(self, unit):
        return 1024 * int(field(self._proc(self.pid(unit), "status"), "VmHWM"))

    def has(self, command):
        return self.lab.run(["sh", "-c", f"command -v {command}"], check=False).returncode == 0
