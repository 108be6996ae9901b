# SPDX-License-Identifier: BSD-3-Clause
"""Random calls while random things go wrong; after each round everything has to agree, and at the end nothing is missing.

--rounds says how long it goes (with many, --timeout=0 lets it). The seed is printed, and --seed repeats a run as far as
the machine's own timing lets it.
"""

import collections
import os
import random
import signal
import struct
import time
from pathlib import Path

import faults
import raw_bus
from bus import MANAGER, NODE, BusError, node_path
from nodes import DIRECTORIES, EXITED, STARTED, play, scope

NAMES = [f"node-{n}" for n in range(6)]
# Numbered lines, so that a lost one shows; children that must go with their node.
STEADY = [
    "print=endless,rate=100,each-line,children=1",
    "both=endless,rate=50",
    "print=300,stay",
    "print=20000,stay",
    "print=endless,rate=50,ignore-term,children=1,children-ignore-term",
]
UNSTEADY = ["print=20,exit=3,after=300", "print=2000,signal=SEGV"]

# What the faults themselves bring about. A signal that was sent from outside has no address.
EXPECTED = [
    r"zeek-(stem|supervisor)\.service: Failed with result '(signal|core-dump|watchdog|timeout|exit-code|protocol)'",
    r"AddressSanitizer: (SEGV|ABRT) on unknown address 0x00000000000[01] ",
    r"zeek-supervisord: .*\b[Bb]us\b",
]

TALLY = "tally=written"

PROCESS_EXIT = "98e322203f7a4ed290d09fe03c09fe15"  # systemd: Main process exited

# What one batch holds (OUTPUT_BATCH_LINES), and so what each end of a supervisor may repeat of a stream.
BATCH_LINES = 64

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


def prepare(lab):
    faults.prepare(lab)
    lab.write("/etc/zeek-supervisor/supervisor.conf", "[Supervisor]\nNodesPerSlice=2\n[Node]\nRestartDelaySec=100ms\nRestartDelayMaxSec=1s\n")


class Client:
    """Whoever calls and listens; the bus may end under it."""

    def __init__(self, machine):
        self.machine = machine
        self.announced = collections.Counter()  # NodeStatus: (node, process)
        self.bus = None

    def connect(self):
        while not self.bus:
            try:
                self.bus = raw_bus.RawBus(self.machine.lab)
                self.bus.call("AddMatch", "s", f"type='signal',interface='{MANAGER}',member='NodeStatus'",
                              service="org.freedesktop.DBus", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus")
            except OSError:
                self.close()
                time.sleep(0.05)

    def close(self):
        if self.bus:
            self._gather()
            self.bus.close()
        self.bus = None

    def _gather(self):
        for message in self.bus.signals:
            if message.member == "NodeStatus":
                self.announced[tuple(message.arguments)] += 1
        self.bus.signals.clear()

    def send(self, member, *arguments, **options):
        """The serial of the call; None: there is no bus."""
        self.connect()
        try:
            return self.bus.send(member, *arguments, **options)
        except OSError:
            self.close()
            return None

    def reply(self, bus, serial):
        """Of a call that was sent through that bus; None: it will not come. A bus error is raised."""
        if serial is None or bus is not self.bus:
            return None
        try:
            value = bus.reply(serial)
        except OSError:
            self.close()
            return None
        finally:
            if self.bus:
                self._gather()
        return value

    def call(self, member, *arguments, **options):
        serial = self.send(member, *arguments, **options)
        try:
            return self.reply(self.bus, serial)
        except BusError:
            return None


class Life(collections.namedtuple("Life", "behaviour pid started restarts lines")):
    """What a fault must not change of a node that runs."""


class World:
    """What has been asked for, and so what has to be: a name is there, is not, or may be either."""

    def __init__(self, machine, chance):
        self.machine = machine
        self.chance = chance
        self.client = Client(machine)
        self.known = {name: False for name in NAMES}  # None: not known
        self.touched = set()                          # by whom this round has asked for something else than to go on
        self.lives = {}
        self.struck = []                              # faults
        self.ends = collections.Counter()             # of daemons, by them
        self.unheard = set()                          # processes whose NodeStatus did not come,
        self.untold = set()                           # and not because of the bus
        self.deck = []
        self.history = []

    def note(self, text):
        self.history.append(f"{time.strftime('%H:%M:%S')} {text}")

    # Calls

    def random_call(self):
        member = self.chance.choice(["Create"] * 6 + ["Restart"] * 3 + ["Destroy"] * 2 + ["Status", "Reload"])
        name = self.chance.choice(NAMES)
        if member == "Create":
            behaviour = self.chance.choice(STEADY if self.chance.random() < 0.8 else UNSTEADY)
            env = play(behaviour, TALLY)
            return name, member, self.client.send(member, "a{sv}", {"name": name, "stop_timeout_usec": 500_000, "env": env})
        if member == "Reload":
            return "", member, self.client.send(member)
        if member in ("Restart", "Destroy"):
            name = "" if self.chance.random() < 0.1 else name
            self.touched |= {name} if name else set(NAMES)
        return name, member, self.client.send(member, "s", name)

    def learn(self, name, member, bus, serial):
        try:
            answer = self.client.reply(bus, serial)
            lost = answer is None and member != "Reload"
            self.note(f"  {member} {name}: {'lost' if lost else 'ok'}")
        except BusError as error:
            self.note(f"  {member} {name}: {error}")
            if error.name.endswith(("NodeExists", "NoSuchNode")):
                # it may also speak of what will be when the calls before this one are done, and they were lost
                exists = error.name.endswith("NodeExists")
                assert self.known[name] in (exists, None), f"{member} {name}: {error}"
                return
            if error.name not in LOST:
                raise
            lost = True
        if member in ("Create", "Destroy"):
            for each in [name] if name else NAMES:
                self.known[each] = None if lost else member == "Create"

    # Faults

    def strike(self):
        fault = self.draw()
        time.sleep(self.chance.uniform(0, 0.08))
        self.note(fault.name)
        fault.strike(self.machine)
        self.struck.append(fault)
        self.ends.update(fault.ends)

    def draw(self):
        """All of them come before one comes again."""
        if not self.deck:
            self.deck = [*faults.FAULTS, faults.Fault("a node ends", self.end_a_node)]
            self.chance.shuffle(self.deck)
        return self.deck.pop()

    def end_a_node(self, machine):
        name = self.chance.choice(NAMES)
        self.touched.add(name)
        pids = main_of(machine, name)
        faults.send(pids, self.chance.choice([signal.SIGKILL, signal.SIGSEGV]))
        machine.wait_for(lambda: not any(map(faults.is_alive, pids)), what="a node to end")

    # A round

    def round(self):
        self.touched = set()
        self.client.connect()
        before = self.ends.copy()
        calls = [(*self.random_call(), self.client.bus) for _ in range(self.chance.randint(1, 5))]
        for _ in range(self.chance.choice([1, 1, 1, 2, 3])):
            self.strike()
        if self.chance.random() < 0.3:
            calls.append((*self.random_call(), self.client.bus))
        for name, member, serial, bus in calls:
            self.learn(name, member, bus, serial)
        return self.ends - before

    def check(self, ended):
        """After the round: what is there, is what was asked for, once, and is told by everybody alike."""
        machine = self.machine
        [status] = machine.wait_for(self.settled, 40, "all nodes to settle")

        for name, known in self.known.items():
            if known is not None:
                assert (name in status) == known, f"{name}: {known} was promised, Status says {status.get(name)}"
            self.known[name] = name in status
        lives = {name: self.life(name, node) for name, node in status.items() if node["state"] == "running"}
        for name, life in lives.items():
            before = self.lives.get(name)
            if before and self.is_to_stay(name, before):
                assert life[:-1] == before[:-1], f"{name} was {before} and is {life}, and nobody asked for it"
                assert life.lines >= before.lines, f"{name} had {before.lines} lines and has {life.lines}"
        for name, before in self.lives.items():
            if name not in lives and self.is_to_stay(name, before):
                raise AssertionError(f"{name} ran and does not run, and nobody asked for it: {status.get(name)}")
        self.lives = lives

        scopes = set(machine.scopes())
        assert scopes <= {scope(name) for name in status}, "a scope that nobody knows"
        assert scopes >= {scope(name) for name, life in lives.items() if self.is_to_stay(name, life)}, "a scope is missing"
        self.check_announcements(lives, ended)

    def is_to_stay(self, name, life):
        return name not in self.touched and life.behaviour in STEADY

    def check_announcements(self, lives, ended):
        often = [who for who, n in self.client.announced.items() if n > 1]
        assert not often, f"announced more than once: {often}"
        now = {(name, life.pid) for name, life in lives.items()}
        silent = {who for who in now - set(self.client.announced) - self.unheard}
        # What a bus that ends had to tell is lost. A supervisor that ends between noting a thing and telling it, too.
        if silent and not ended[faults.BUS]:
            self.note(f"not announced: {silent}")
            assert ended[faults.SUPERVISOR], f"not announced: {silent}"
            self.untold |= silent
        self.unheard |= silent

    def life(self, name, node):
        lines = self.machine.wait_for(lambda: self.lines(name), what="an answer")[0]
        behaviour = node["node"]["env"]["ZEEK_STANDIN"].removesuffix("," + TALLY)
        return Life(behaviour, node["pid"], node["started_usec"], node["restarts"], lines)

    def lines(self, name):
        call = self.client.call("Get", "ss", NODE, "LinesForwarded", path=node_path(name),
                                interface="org.freedesktop.DBus.Properties")
        return None if call is None else [call]

    def settled(self):
        """The status of all nodes, once none is on its way, and each that runs does so as its scope's only node."""
        status = self.client.call("Status", "s", "")
        if status is None:
            return None
        for name, node in status.items():
            if node["state"] not in ("running", "waiting"):
                return None
            if main_numbers(self.machine, name) != ([node["pid"]] if node["state"] == "running" else []):
                return None
        return [status]


def groups_of(machine, name):
    """Its scope, in whichever slice; in two, if it was started twice."""
    root = machine.lab.path("/sys/fs/cgroup")
    # not by glob(), which minds that a group goes while it looks around
    walk = os.walk(root / "zeek.slice")
    return [Path(directory, scope(name)).relative_to(root) for directory, below, _ in walk if scope(name) in below]


def main_of(machine, name):
    """Processes of a node whose parent is not one of them: of one that was started twice there are two."""
    pids = [pid for group in groups_of(machine, name) for pid in faults.processes(machine, group)]
    return [pid for pid in pids if faults.parent(pid) not in (None, *pids)]


def main_numbers(machine, name):
    return [faults.number_inside(pid) for pid in main_of(machine, name)]


class Journal:
    """What it says of nodes, read as it grows."""

    FIELDS = "MESSAGE,MESSAGE_ID,ZEEK_NODE,ZEEK_NODE_PID,ZEEK_STREAM,EXIT_CODE,EXIT_STATUS"

    def __init__(self, machine):
        self.machine = machine
        self.last = None
        self.lines = collections.defaultdict(collections.Counter)  # by node, process and stream: number
        self.milestones = collections.defaultdict(list)            # by message, node and process
        self.assertions = []

    def read(self):
        match = f"_SYSTEMD_UNIT={faults.SUPERVISOR}"
        for entry in self.machine.journal(match, f"--output-fields={self.FIELDS}", after=self.last):
            self.last = entry["__CURSOR"]
            who = entry.get("ZEEK_NODE"), int(entry.get("ZEEK_NODE_PID", 0))
            if "ZEEK_STREAM" in entry:
                word, _, number = entry["MESSAGE"].partition(" ")
                if word == "line" and number:  # who is killed while it writes leaves a piece of a line
                    self.lines[*who, entry["ZEEK_STREAM"]][int(number)] += 1
            elif "MESSAGE_ID" in entry:
                self.milestones[entry["MESSAGE_ID"], *who].append((entry.get("EXIT_CODE"), entry.get("EXIT_STATUS")))
            elif "Assertion" in entry["MESSAGE"]:
                self.assertions.append(entry)


def test_after_every_fault_state_processes_and_scopes_agree(machine, request):
    seed = request.config.getoption("seed")
    rounds = request.config.getoption("rounds")
    print(f"--seed={seed} --rounds={rounds}")
    for pattern in EXPECTED:
        machine.expect(pattern)
    machine.call("Status", "s", "")
    idle = n_descriptors(machine)
    journal = Journal(machine)
    world = World(machine, random.Random(seed))

    for number in range(rounds):
        world.note(f"-- {number}")
        try:
            world.check(world.round())
        except Exception as error:
            raise AssertionError(f"round {number} of --seed={seed}: {error!r}\n{tell(world)}") from error
        if number % 20 == 19:
            journal.read()

    try:
        check_end(machine, idle)
        world.client.close()
        journal.read()
        check_daemons(world, journal)
        check_milestones(world, journal)
        check_lines(world, journal)
    except Exception as error:
        raise AssertionError(f"after {rounds} rounds of --seed={seed}: {error!r}\n{tell(world)}") from error


def tell(world):
    daemons = ["-u", faults.SUPERVISOR, "-u", faults.STEM]
    log = world.machine.run(["journalctl", "--no-pager", "-n", "20000", "-o", "short-precise", *daemons]).stdout
    own = [line for line in log.splitlines() if " zeek-node" not in line and "zeek-supervisord" in line or "stem" in line]
    return "\n".join([*world.history[-40:], "-- the daemons", *own[-120:]])


def n_descriptors(machine):
    return {unit: sum(len(list(machine.lab.path(f"/proc/{faults.number_inside(pid)}/fd").iterdir()))
                      for pid in faults.mains(machine, unit)) for unit in (faults.SUPERVISOR, faults.STEM)}


def check_end(machine, idle):
    """Nothing is left when all nodes are destroyed."""
    assert machine.call("Destroy", "s", "")
    assert machine.status() == {}
    assert machine.scopes() == []
    machine.wait_for(lambda: machine.show(faults.STEM)["NFileDescriptorStore"] == "0", what="an empty store")
    assert machine.run(["find", "/run/zeek-supervisor", "-type", "f"]).stdout == ""
    machine.wait_for(lambda: all(n <= idle[unit] + 1 for unit, n in n_descriptors(machine).items()), what=f"{idle}")


def check_daemons(world, journal):
    """None crashes by itself."""
    for unit in faults.SUPERVISOR, faults.STEM:
        sent = [fault for fault in world.struck if fault.name.startswith("SIGSEGV") and unit in fault.ends]
        crashes = world.machine.journal(f"MESSAGE_ID={PROCESS_EXIT}", f"UNIT={unit}", "EXIT_STATUS=SEGV")
        assert len(crashes) <= len(sent), crashes
    assert not journal.assertions
    assert not [e for e in world.machine.journal(f"_SYSTEMD_UNIT={faults.STEM}") if "Assertion" in e["MESSAGE"]]


def check_milestones(world, journal):
    for (message, *who), entries in journal.milestones.items():
        if message in (STARTED, EXITED):
            assert len(entries) == 1, f"{who}: {entries}"
    ended = {tuple(who) for message, *who in journal.milestones if message == EXITED}
    started = set(world.client.announced) | {tuple(who) for message, *who in journal.milestones if message == STARTED}
    untold = started - ended
    print(f"{len(started)} starts, not announced: {world.untold}, and because of the bus: {world.unheard - world.untold}; "
          f"ends not told: {untold}")
    # as for the announcements
    assert len(untold) + len(world.untold) <= world.ends[faults.SUPERVISOR] // 10


def check_lines(world, journal):
    """Every line that a node has written is in the journal, and hardly one more than once."""
    repeated = 0
    for (node, pid, stream), numbers in journal.lines.items():
        missing = set(range(1, max(numbers) + 1)) - set(numbers)
        assert not missing, f"{node} ({pid}): the journal misses {sorted(missing)[:10]} of {max(numbers)} lines"
        more = sum(numbers.values()) - len(numbers)
        assert more <= BATCH_LINES * world.ends[faults.SUPERVISOR]
        repeated += more
    for name in NAMES:
        for path in world.machine.lab.path(f"{DIRECTORIES}/{name}").glob("written.*"):
            pid, [written] = int(path.suffix[1:]), struct.unpack("Q", path.read_bytes())
            there = max(journal.lines[name, pid, "stdout"], default=0)
            assert there >= written, f"{name} ({pid}) has written {written} lines, the journal has {there}"
    n = sum(map(len, journal.lines.values()))
    print(f"{n} lines, {repeated} repeated; ends: {dict(world.ends)}")
    assert n
