# SPDX-License-Identifier: BSD-3-Clause
"""Random calls while random things go wrong; after each round everything has to agree.

The seed is printed, and --seed repeats a run as far as the machine's own timing lets it; --rounds says how long it goes.
"""

import collections
import random

import pytest

import faults
from bus import BusError

NAMES = [f"node-{n}" for n in range(6)]
# Numbered lines, some of them at each end, so that a lost one shows; a child that must go with its node.
BEHAVIOURS = [
    "print=endless,rate=200,each-line,children=1",
    "print=endless,rate=50,each-line,term-print=20",
    "print=300,stay",
    "print=20,exit=3,after=700",
    "print=endless,rate=100,each-line,ignore-term",
]

# The answer did not come, because somebody on its way was killed: what became of the request shows afterwards.
LOST = {
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.TimedOut",
    "org.freedesktop.DBus.Error.Timeout",
    "org.freedesktop.systemd1.NoSuchUnit",
}


class World:
    """What has been asked for, and so what has to be: a name is there, is not, or may be either."""

    def __init__(self, machine, chance):
        self.machine = machine
        self.chance = chance
        self.known = {name: False for name in NAMES}  # None: not known
        self.history = []

    def random_call(self):
        name = self.chance.choice(NAMES)
        member = self.chance.choice(["Create", "Create", "Create", "Restart", "Destroy", "Status"])
        if member == "Create":
            config = {
                "name": name,
                "stop_timeout_usec": 1_000_000,
                "env": {"ZEEK_STANDIN": self.chance.choice(BEHAVIOURS)},
            }
            return name, member, self.machine.bus.start_call("Create", "a{sv}", config, timeout=60)
        return name, member, self.machine.bus.start_call(member, "s", name, timeout=60)

    def learn(self, name, member, call):
        try:
            call.result()
        except BusError as error:
            self.history.append(f"{member} {name}: {error}")
            if error.name.endswith("NodeExists"):
                self.known[name] = True
            elif error.name.endswith("NoSuchNode"):
                self.known[name] = False
            elif error.name in LOST:
                if member in ("Create", "Destroy"):
                    self.known[name] = None
            else:
                raise
        except RuntimeError as error:
            # busctl itself lost its bus
            self.history.append(f"{member} {name}: {str(error)[-200:]}")
            self.known[name] = None if member in ("Create", "Destroy") else self.known[name]
        else:
            self.history.append(f"{member} {name}: ok")
            if member in ("Create", "Destroy"):
                self.known[name] = member == "Create"

    def round(self):
        """Some calls at a time on names of their own, a fault in the middle of them, and all their answers."""
        calls = {}
        for _ in range(self.chance.randint(1, 4)):
            call = self.random_call()
            if call[0] in calls:
                call[2].process.kill()
                self.known[call[0]] = None
            calls.setdefault(call[0], call)
        fault = self.chance.choice(faults.FAULTS)
        self.history.append(f"-- {fault.__name__}")
        fault(self.machine)
        for call in calls.values():
            self.learn(*call)


def test_after_every_fault_state_processes_and_scopes_agree(machine, request):
    seed = request.config.getoption("seed") or random.randrange(1 << 32)
    rounds = request.config.getoption("rounds")
    if not rounds:
        pytest.skip("the fault injector has a run of its own: --rounds=N")
    print(f"--seed={seed} --rounds={rounds}")
    machine.expect(".*")  # killed daemons are what this is about
    world = World(machine, random.Random(seed))

    for number in range(rounds):
        world.round()
        try:
            check_agreement(world)
        except Exception as error:
            story = "\n".join(world.history[-30:])
            raise AssertionError(f"round {number} of --seed={seed}: {error}\n{story}") from error

    repeated = check_lines(machine)
    print(f"{repeated} lines were repeated")
    check_end(machine)


def check_agreement(world):
    machine = world.machine
    machine.wait_for(lambda: answers(machine), 20, "the supervisor to answer")
    [status] = machine.wait_for(lambda: settled(machine), 30, "all nodes to settle")

    for name, known in world.known.items():
        if known is not None:
            assert (name in status) == known, f"{name}: {known} was promised, Status says {status.get(name)}"
        world.known[name] = name in status
    assert set(machine.scopes()) <= {scope_of(name) for name in status}, "a scope that nobody knows"


def answers(machine):
    try:
        return machine.call("Status", "s", "", timeout=5) is not None
    except (BusError, RuntimeError):
        return False


def settled(machine):
    """The status of all nodes, once none is on its way, and each that runs does so as its scope's only node."""
    try:
        status = machine.call("Status", "s", "", timeout=5)
    except (BusError, RuntimeError):
        return None
    for name, node in status.items():
        processes = processes_of(machine, name)
        if node["state"] == "running":
            if node["pid"] not in processes or processes.count(node["pid"]) != 1:
                return None
            if mains(machine, processes) != [node["pid"]]:
                return None
        elif node["state"] not in ("waiting", "failed", "finished") or processes:
            return None
    return [status]


def scope_of(name):
    return f"zeek-node-{name}.scope".replace("-", "\\x2d").replace("zeek\\x2dnode\\x2d", "zeek-node-", 1)


def processes_of(machine, name):
    return machine.processes(f"zeek.slice/zeek-standalone.slice/{scope_of(name)}")


def mains(machine, processes):
    """Those whose parent is not one of them: a node that was started twice has two."""
    found = []
    for pid in processes:
        try:
            parent = int(machine.lab.path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent not in processes:
            found.append(pid)
    return found


def check_lines(machine):
    """Every number of every incarnation is in the journal; returns how many are there more than once."""
    numbers = collections.defaultdict(collections.Counter)
    for entry in machine.journal("ZEEK_STREAM=stdout"):
        word, _, number = entry["MESSAGE"].partition(" ")
        if word == "line" and number.isdigit():
            numbers[entry["ZEEK_NODE"], entry["ZEEK_NODE_PID"]][int(number)] += 1

    assert numbers, "no line at all"
    repeated = 0
    for node, seen in numbers.items():
        # term-print begins anew
        missing = set(range(1, max(seen) + 1)) - set(seen)
        assert not missing, f"{node} printed up to {max(seen)}, the journal misses {sorted(missing)[:10]}"
        repeated += sum(count - 1 for number, count in seen.items() if number > 20)
    return repeated


def check_end(machine):
    machine.call("Destroy", "s", "")
    assert machine.status() == {}
    assert machine.scopes() == []
    assert machine.show(faults.STEM)["NFileDescriptorStore"] == "0"
    leftovers = machine.run(["find", "/run/zeek-supervisor", "-type", "f"]).stdout
    assert leftovers == ""
