# SPDX-License-Identifier: BSD-3-Clause
"""zeek-stem ends, in every way and at every moment: its nodes run on, and the next one knows all that it knew."""

import concurrent.futures
import os
import random
import select
import signal
import time

import pytest
from gi.repository import GLib

from bus import BusError
from faults import frozen
from stem_client import StemClient, StemError, order, scope

CLD_EXITED, CLD_KILLED = 1, 2
STEM = "zeek-stem.service"

# How it can end. Each is followed by a start, by systemd or by the next who connects.
DEATHS = {
    "killed": f"systemctl kill --kill-whom=main --signal=KILL {STEM}",
    "crashed": f"systemctl kill --kill-whom=main --signal=SEGV {STEM}",
    "restarted": f"systemctl restart {STEM}",
}


def prepare(lab):
    lab.drop_in("zeek-stem.socket", "[Unit]\nStartLimitIntervalSec=0\n[Socket]\nTriggerLimitIntervalSec=0\n")
    lab.drop_in("zeek-supervisor.service", "[Unit]\nStartLimitIntervalSec=0\n")
    lab.drop_in(STEM, "[Service]\nLimitCORE=0\n")
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/death.conf", "[Node]\nRestartDelaySec=50ms\n")


def main_pid(machine, unit=STEM):
    return int(machine.show(unit)["MainPID"])


def stored(machine):
    return int(machine.show(STEM)["NFileDescriptorStore"])


def expect_deaths(machine):
    machine.expect("zeek-(stem|supervisor).service: Failed with result")
    machine.expect("ERROR: AddressSanitizer: SEGV on unknown address")  # the signal that we send ourselves


def die(machine, how):
    """Returns when another stem is there."""
    before = main_pid(machine)
    expect_deaths(machine)
    machine.run(DEATHS[how])
    machine.wait_for(lambda: main_pid(machine) not in (0, before))


BATCH = 64  # lines: OUTPUT_BATCH_LINES
OF_THE_NEXT = 8  # what the stem has of the child that waits for its order


def n_fds(machine):
    return int(machine.run(f"ls /proc/{main_pid(machine)}/fd | wc -l").stdout)


def forget(stem, name):
    if not stem.list()[name]["emptied"]:
        stem.kill_scope(name, signal.SIGKILL)

    def released():
        try:
            stem.release(name)
            return True
        except StemError as error:
            assert error.name.endswith("Error.Busy"), error

    deadline = time.monotonic() + 15
    while not released():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Stems:
    """The stem of the moment: each death costs the connection."""

    def __init__(self, machine):
        self.machine = machine
        self.client = StemClient(machine.lab)

    def die(self, how):
        die(self.machine, how)
        self.reconnect()

    def reconnect(self):
        if self.client.is_open():
            self.client.close()
        self.client = StemClient(self.machine.lab)


@pytest.fixture
def stems(machine):
    """The stem alone: a supervisor would adopt what it finds."""
    machine.run("systemctl stop zeek-supervisor.service; systemctl start zeek-stem.socket")
    stems = Stems(machine)
    idle = n_fds(machine)
    yield stems
    for name in stems.client.list():
        forget(stems.client, name)
    machine.wait_for(lambda: stored(machine) == 0, what="an empty store")
    machine.wait_for(lambda: n_fds(machine) <= idle + 1 + OF_THE_NEXT, what="its descriptors to be closed")
    assert machine.scopes() == []
    stems.client.close()


def read_until(fd, end, timeout=10):
    data = b""
    while not data.endswith(end):
        assert select.select([fd], [], [], timeout)[0], data
        piece = os.read(fd, 65536)
        assert piece, data
        data += piece
    return data


def same_file(machine, fd, path):
    a, b = os.fstat(fd), machine.lab.path(path).stat()
    return a.st_ino == b.st_ino


def ended(client, name):
    def look():
        node = client.list()[name]
        return node if node["exited"] and node["emptied"] else None

    deadline = time.monotonic() + 15
    while not (node := look()):
        assert time.monotonic() < deadline, client.list()[name]
        time.sleep(0.02)
    return node["code"], node["status"]


def knows_ends(machine):
    """Whether the kernel tells how a process of somebody else ended (Linux 6.15)."""
    major, minor = machine.run("uname -r").stdout.split(".")[:2]
    return (int(major), int(minor)) >= (6, 15)


# What the next one knows


@pytest.mark.parametrize("how", DEATHS)
def test_the_next_one_holds_what_was_held(stems, machine, how):
    names = [f"n{i}" for i in range(20)]
    nodes = {name: stems.client.launch(order(name, "/bin/sleep", "1000")) for name in names}
    before = stems.client.list()
    for _ in range(3):
        stems.die(how)
        assert stems.client.list() == before
    again = stems.client.attach("n0")
    assert again.pid == nodes["n0"].pid
    for ours, theirs in ("output", "error"), ("error", "output"):
        assert os.fstat(getattr(again, ours)).st_ino == os.fstat(getattr(nodes["n0"], ours)).st_ino
        assert os.fstat(getattr(again, ours)).st_ino != os.fstat(getattr(nodes["n0"], theirs)).st_ino
    for name, node in nodes.items():
        stems.client.signal(name, signal.SIGKILL)
        assert stems.client.wait_signal("Exited", name)[0] == node.pid
        assert ended(stems.client, name)[0] in (CLD_KILLED, 0)
        stems.client.release(name)
        node.close()
    again.close()


ENDINGS = {
    "good": ("exit 0", (CLD_EXITED, 0)),
    "bad": ("exit 7", (CLD_EXITED, 7)),
    "killed": ("kill -KILL $$", (CLD_KILLED, signal.SIGKILL)),
}


@pytest.mark.parametrize("dead", [True, False], ids=["dead", "dying"])
def test_an_end_in_between_is_noticed(stems, machine, dead):
    """While there is no stem; or noticed by the one that dies, and not taken note of by anybody else."""
    machine.run("mkfifo -m 666 /tmp/go-good /tmp/go-bad /tmp/go-killed")
    machine.lab.drop_in(STEM, "[Service]\nRestartSec=2s\n", name="slow")
    machine.run("systemctl daemon-reload")
    for name, (end, _) in ENDINGS.items():
        stems.client.launch(order(name, "/bin/sh", "-c", f"read x < /tmp/go-{name}; {end}")).close()
    try:
        if dead:
            expect_deaths(machine)
            machine.run(DEATHS["killed"])
        machine.run("for n in good bad killed; do echo > /tmp/go-$n; done", timeout=20)
        if not dead:
            for name, (_, how) in ENDINGS.items():
                assert ended(stems.client, name) == how
            expect_deaths(machine)
            machine.run(DEATHS["killed"])
        machine.wait_for(lambda: main_pid(machine) != 0)
        stems.reconnect()
        for name, (_, how) in ENDINGS.items():
            known = not dead or knows_ends(machine)
            assert ended(stems.client, name) == (how if known else (0, 0)), name
    finally:
        machine.run(f"rm /etc/systemd/system/{STEM}.d/slow.conf /tmp/go-*; systemctl daemon-reload")


def test_what_a_dead_node_has_said_is_still_there(stems, machine):
    """A pipe whose writer has ended is not thrown away."""
    stems.client.launch(order("last-words", "/bin/sh", "-c", "echo out; echo error >&2")).close()
    assert ended(stems.client, "last-words") == (CLD_EXITED, 0)
    stems.die("killed")
    node = stems.client.attach("last-words")
    assert os.read(node.output, 100) == b"out\n"
    assert os.read(node.error, 100) == b"error\n"
    node.close()


def test_the_store_survives_the_service_manager(stems, machine):
    node = stems.client.launch(order("stay", "/bin/sleep", "1000"))
    machine.run("systemctl daemon-reexec")
    stems.die("killed")
    machine.run("systemctl daemon-reload")
    stems.die("killed")
    assert stems.client.list()["stay"]["pid"] == node.pid
    node.close()


def test_terminate_is_sent_once_however_many_stems_are_asked(stems, machine):
    script = 'n=0; trap "n=\\$((n+1)); echo got \\$n" TERM; echo ready; while :; do sleep 0.05; done'
    node = stems.client.launch(order("stubborn", "/bin/sh", "-c", script))
    read_until(node.output, b"ready\n")
    stems.client.terminate("stubborn")
    assert read_until(node.output, b"\n") == b"got 1\n"
    stems.client.terminate("stubborn")
    for how in DEATHS:
        stems.die(how)
        stems.client.terminate("stubborn")
    assert not select.select([node.output], [], [], 0.5)[0], os.read(node.output, 100)
    node.close()


def test_what_was_released_is_not_held_again(stems, machine):
    for i in range(5):
        stems.client.launch(order("gone", "/bin/true")).close()
        ended(stems.client, "gone")
        stems.client.release("gone")
        stems.die("killed")
        assert stems.client.list() == {}
    assert stored(machine) == 0


def test_what_is_answered_before_the_service_manager_has_answered(stems, machine):
    stems.client.launch(order("runs", "/bin/sleep", "1000")).close()
    stems.client.launch(order("ended", "/bin/true")).close()
    ended(stems.client, "ended")
    machine.run("systemctl stop dbus.socket dbus.service dbus-broker.service 2>/dev/null; true", check=False)
    try:
        machine.run(f"kill -KILL {stems.client.property('PID')}")
        expect_deaths(machine)
        time.sleep(0.5)
        stems.reconnect()
        nodes = stems.client.list()
        assert not nodes["runs"]["exited"] and not nodes["runs"]["emptied"]
        assert nodes["ended"]["exited"] and not nodes["ended"]["emptied"]
        with pytest.raises(StemError, match="Busy"):
            stems.client.release("ended")
    finally:
        machine.run("systemctl start dbus.socket dbus.service; systemctl restart systemd-logind")  # it does not reconnect
    ended(stems.client, "ended")
    machine.expect("onnect")


# Of whom has ended by the time that it reads a message the service manager does not know whose process that was.
BARRIER = """
import select
mine, theirs = os.pipe()
socket.send_fds(s, [b"BARRIER=1"], [theirs])
os.close(theirs)
hung_up = select.poll()
hung_up.register(mine, 0)
hung_up.poll(10_000)
"""


def intrude(machine, script, done):
    """Runs a script that tells the service manager something as if it were the stem."""
    machine.lab.drop_in(STEM, "[Service]\nNotifyAccess=all\n", name="open")
    machine.lab.write("/tmp/intrude.py", script + "\n" + BARRIER)
    machine.run("systemctl daemon-reload")
    try:
        group = machine.show(STEM)["ControlGroup"]
        machine.run(f"echo $$ > /sys/fs/cgroup{group}/cgroup.procs; exec /usr/bin/python3 /tmp/intrude.py")
        machine.wait_for(done)
    finally:
        machine.run(f"rm /etc/systemd/system/{STEM}.d/open.conf; systemctl daemon-reload")


def test_nodes_that_are_stored_together_part_singly(stems, machine):
    names = [f"n{i}" for i in range(10)]
    pids = {}
    for name in names:
        node = stems.client.launch(order(name, "/bin/sleep", "1000"))
        pids[name] = node.pid
        node.close()
    machine.wait_for(lambda: stored(machine) == 2)
    for name in names[1:4]:
        forget(stems.client, name)
        del pids[name]
    assert stored(machine) == 2
    for _ in range(2):
        stems.die("killed")
        assert {name: node["pid"] for name, node in stems.client.list().items()} == pids
    late = stems.client.launch(order("late", "/bin/sleep", "1000"))  # into another one: those of before take nothing more
    pids["late"] = late.pid
    late.close()
    machine.wait_for(lambda: stored(machine) == 3)
    for name in names[8:]:
        forget(stems.client, name)
        del pids[name]
    machine.wait_for(lambda: stored(machine) == 2)
    stems.die("killed")
    for name, pid in pids.items():
        again = stems.client.attach(name)
        assert (again.pid, set(again.fds)) == (pid, {"process", "output", "error"})
        again.close()


def test_what_makes_no_sense_is_forgotten(stems, machine):
    """Somebody put other things into the store."""
    stems.client.launch(order("good", "/bin/sleep", "1000")).close()
    script = "\n".join(
        [
            "import os, socket",
            "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
            "def store(name, *fds):",
            "    socket.send_fds(s, [b'FDSTORE=1\\nFDPOLL=0\\nFDNAME=' + name], list(fds))",
            "def record(text):",
            "    fd = os.memfd_create('x'); os.write(fd, text); return fd",
            "s.connect('/run/systemd/notify')",
            "store(b'strange', os.pipe()[0])",
            "store(b'7', record(b'NAME=x\\nSCO'), os.pipe()[0])",
            "store(b'8', record(b'NAME=x\\nSCOPE=x.scope\\nPID=1\\nOUTPUT=1\\nERROR=2\\nREPORT=0\\n'))",
            "store(b'99999', record(b'NAME=y\\nSCOPE=x.scope\\nPID=1\\nOUTPUT=1\\nERROR=2\\nREPORT=0\\n'))",
        ]
    )
    intrude(machine, script, lambda: stored(machine) == 1 + 5)
    stems.die("killed")
    assert set(stems.client.list()) == {"good"}
    machine.wait_for(lambda: stored(machine) == 1)


def test_what_a_stem_of_another_version_left_is_taken_back(stems, machine):
    """Its names were decimal numbers, and it knew of no status files."""
    node = stems.client.launch(order("old", "/bin/sleep", "1000"))
    lose_the_store(stems, machine)
    script = "\n".join(
        [
            "import os, socket",
            "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
            "s.connect('/run/systemd/notify')",
            "ours, theirs = os.pipe()",
            "os.write(theirs, b'a line of before\\n')",
            "fd = os.memfd_create('x')",
            f"os.write(fd, b'NAME=old\\nSCOPE={scope('old')}\\nPID={node.pid}\\nOUTPUT=%i\\nERROR=0\\nREPORT=0\\n'",
            "            b'LAUNCHED=yes\\n' % os.fstat(ours).st_ino)",
            f"fds = [os.pidfd_open({node.pid}), ours, fd]",
            "socket.send_fds(s, [b'FDSTORE=1\\nFDPOLL=0\\nFDNAME=4711'], fds)",
        ]
    )
    intrude(machine, script, lambda: stored(machine) == 3)
    for _ in range(2):
        stems.die("killed")
        again = stems.client.attach("old")
        assert (again.pid, set(again.fds)) == (node.pid, {"process", "output"})
        again.close()
    again = stems.client.attach("old")
    assert os.read(again.output, 100) == b"a line of before\n"
    again.close()
    node.close()


def test_a_users_stem_has_a_store_as_well(machine):
    if "alice" not in machine.lab.path("/etc/passwd").read_text():
        machine.lab.add_user("alice")
        machine.lab.start_user_manager("alice")
    path = f"/run/user/{machine.lab.uid('alice')}/zeek-stem/socket"
    machine.run("systemctl --user start zeek-stem.socket", user="alice")

    def n_stored():
        return int(machine.show(STEM, user="alice")["NFileDescriptorStore"])

    client = StemClient(machine.lab, path, user="alice")
    node = client.launch(order("mine", "/bin/sh", "-c", "sleep 3; exit 4", UID=None, GID=None))
    for how in "kill --kill-whom=main --signal=KILL", "restart":
        before = machine.show(STEM, user="alice")["MainPID"]
        machine.expect(f"{STEM}: Failed with result")
        machine.run(f"systemctl --user {how} {STEM}", user="alice")
        machine.wait_for(lambda: machine.show(STEM, user="alice")["MainPID"] not in ("0", before))
        client = StemClient(machine.lab, path, user="alice")
        assert client.list()["mine"]["pid"] == node.pid
    assert ended(client, "mine") == ((CLD_EXITED, 4) if knows_ends(machine) else (0, 0))
    client.release("mine")
    machine.wait_for(lambda: n_stored() == 0)
    node.close()
    client.close()


# Launches that it leaves under way


def watched(name, *arguments):
    return order(name, *arguments, WorkingDirectory=f"/tmp/status-{name}", StatusFile=".status")


def launch_again(machine, name, script):
    """As a supervisor does it, until there is an answer."""
    deadline = time.monotonic() + 60
    while True:
        try:
            client = StemClient(machine.lab)
        except (ConnectionError, GLib.Error):
            continue
        try:
            try:
                return client.launch(watched(name, "/bin/sh", "-c", script))
            except StemError as error:
                if not error.name.endswith("Exists"):
                    raise
                return client.attach(name)  # the reply was lost
        except StemError as error:
            if error.name.startswith("org.zeek.Stem"):
                raise
            assert time.monotonic() < deadline, error  # it died once more
        finally:
            if client.is_open():
                client.close()


def test_a_launch_that_failed_is_not_held_however_many_stems_die_over_it(stems, machine):
    """None of them can learn whether it has a scope: the bus says nothing."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with frozen(machine, "dbus.service"):
            launch = pool.submit(stems.client.launch, order("nothing", "/bin/true"))
            machine.wait_for(lambda: stored(machine) == 1)
            for _ in range(3):
                stems.die("killed")
                assert stems.client.list() == {}
                assert stored(machine) == 1
        with pytest.raises(StemError, match="closed"):
            launch.result(30)
    machine.wait_for(lambda: stored(machine) == 0)
    assert stems.client.list() == {}
    stems.client.launch(order("nothing", "/bin/true")).close()


@pytest.mark.parametrize("count", [1, 12])
def test_a_launch_that_is_interrupted_anywhere_happens_once(stems, machine, count, pytestconfig):
    seed = pytestconfig.getoption("seed", None) or random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    names = [f"i{i}" for i in range(count)]
    machine.run("mkdir -p /tmp/ran; chmod 1777 /tmp /tmp/ran")
    for _ in range(40 if count == 1 else 15):
        expect_deaths(machine)
        machine.run("rm -f /tmp/ran/*")
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(count + 1) as pool:
            runs = [
                pool.submit(launch_again, machine, name, f"echo $$ >> /tmp/ran/{name}; exec sleep 1000")
                for name in names
            ]
            time.sleep(chance.uniform(0.05, 0.35))
            for _ in range(chance.randrange(1, 4)):
                machine.run(DEATHS["killed"], check=False)
                time.sleep(chance.uniform(0, 0.02))
            nodes = [run.result(90) for run in runs]
        assert time.monotonic() - begin < 30
        stems.reconnect()
        held = stems.client.list()
        assert set(held) == set(names), seed
        for name, node in zip(names, nodes):
            assert held[name]["pid"] == node.pid
            assert same_file(machine, node.status, f"/tmp/status-{name}/.status"), (seed, name)
            machine.wait_for(lambda: machine.lab.path(f"/tmp/ran/{name}").exists())
            assert machine.lab.path(f"/tmp/ran/{name}").read_text() == f"{node.pid}\n", (seed, name)
            # who has written its number need not be a sleep yet
            machine.wait_for(lambda: machine.run("pgrep -c -x sleep", check=False).stdout == f"{count}\n", what=f"{count} of {seed}")
            node.close()
            again = stems.client.attach(name)
            assert set(again.fds) == {"process", "output", "error", "status"}, (seed, name)
            again.close()
        for name in names:
            forget(stems.client, name)
        machine.wait_for(lambda: machine.scopes() == [])


# Nodes that it does not have


def test_a_node_is_taken_back_with_its_descriptors(stems, machine):
    script = "echo one; read x < /tmp/adopt-go; echo two; exit 5"
    machine.run("rm -f /tmp/adopt-go; mkfifo -m 666 /tmp/adopt-go")
    node = stems.client.launch(order("lost", "/bin/sh", "-c", script))
    lose_the_store(stems, machine)
    assert stems.client.list() == {}
    stems.client.adopt("lost", node.pid, node.fds)
    with pytest.raises(StemError, match="Exists"):
        stems.client.adopt("lost", node.pid)
    with pytest.raises(StemError, match="Exists"):
        stems.client.launch(order("lost", "/bin/true"))
    stems.die("killed")
    again = stems.client.attach("lost")
    assert again.pid == node.pid
    machine.run("echo > /tmp/adopt-go")
    assert ended(stems.client, "lost") == ((CLD_EXITED, 5) if knows_ends(machine) else (0, 0))
    assert os.read(again.output, 100) == b"one\ntwo\n"
    node.close()
    again.close()


def lose_the_store(stems, machine):
    """As a stop does it where systemd does not know FileDescriptorStorePreserve= (before 254)."""
    machine.lab.drop_in(STEM, "[Service]\nFileDescriptorStorePreserve=no\n", name="forgetful")
    machine.run(f"systemctl daemon-reload; systemctl stop {STEM}")
    stems.reconnect()
    machine.run(f"rm /etc/systemd/system/{STEM}.d/forgetful.conf; systemctl daemon-reload")


def test_a_node_is_taken_back_by_its_number_alone(stems, machine):
    node = stems.client.launch(order("number", "/bin/sleep", "1000"))
    lose_the_store(stems, machine)
    stems.client.adopt("number", node.pid)
    assert not stems.client.list()["number"]["exited"]
    again = stems.client.attach("number")
    assert list(again.fds) == ["process"]
    stems.client.signal("number", signal.SIGTERM)
    pid, code, status = stems.client.wait_signal("Exited", "number")
    assert (pid, code, status) == (node.pid, *((CLD_KILLED, signal.SIGTERM) if knows_ends(machine) else (0, 0)))
    assert stems.client.wait_signal("Emptied", "number") == [node.pid, False]
    node.close()
    again.close()


def test_a_process_that_is_not_in_the_scope_is_nobodys_node(stems, machine):
    stems.client.adopt("stranger", 1)
    assert stems.client.wait_signal("Exited", "stranger") == [1, 0, 0]
    assert stems.client.wait_signal("Emptied", "stranger") == [1, False]
    stems.client.signal("stranger", signal.SIGKILL)
    stems.client.terminate("stranger")
    again = stems.client.attach("stranger")
    again.close()
    stems.die("killed")
    assert ended(stems.client, "stranger") == (0, 0)


@pytest.mark.parametrize("name, unit, pid", [("a b", "x.scope", 1), ("a", "x.service", 1), ("a", "x.scope", 0)])
def test_an_adoption_that_makes_no_sense(stems, name, unit, pid):
    with pytest.raises(StemError) as error:
        stems.client.call("Adopt", "(ssua{sh}a{sv})", (name, unit, pid, {}, {}))
    assert error.value.name == "org.freedesktop.DBus.Error.InvalidArgs"


@pytest.mark.parametrize("key, value, why", [
    ("SystemCalls", GLib.Variant("s", "EPERM ptrace:never"), "SystemCalls: not verdicts on system calls"),
    ("AddressFamilies", GLib.Variant("t", 2), "SystemCalls: is missing"),
    ("Arguments", GLib.Variant("as", ["/bin/true"]), "Arguments: there is no such key"),
])
def test_an_adoption_says_of_a_process_what_it_may_and_nothing_else(stems, key, value, why):
    with pytest.raises(StemError, match=why):
        stems.client.adopt("sense", 1, **{key: value})


def test_what_is_not_what_it_is_said_to_be_is_not_taken(stems, machine):
    node = stems.client.launch(order("sorts", "/bin/sleep", "1000"))
    lose_the_store(stems, machine)
    with open("/dev/zero") as zero, open(__file__, "r+") as writable:
        fds = {"process": node.process, "output": zero.fileno(), "status": writable.fileno(), "news": zero.fileno()}
        stems.client.adopt("sorts", node.pid, fds)
    again = stems.client.attach("sorts")
    assert list(again.fds) == ["process"]
    node.close()
    again.close()


def test_a_pidfd_of_another_process_is_refused(stems, machine):
    node = stems.client.launch(order("one", "/bin/sleep", "1000"))
    with pytest.raises(StemError, match="InvalidArgs"):
        stems.client.adopt("two", node.pid + 1, node.fds)
    node.close()


# The supervisor with it


def behave(*directives):
    return {"ZEEK_STANDIN": ",".join(directives)}


@pytest.fixture
def supervisor(machine):
    machine.run("systemctl start zeek-supervisor.service")
    yield machine
    assert machine.call("Destroy", "s", "", timeout=120)
    assert machine.status() == {}
    assert machine.scopes() == []
    machine.wait_for(lambda: stored(machine) == 0, what="an empty store")


def pids(machine):
    return {name: status["pid"] for name, status in machine.status().items()}


def one_process_a_node(machine):
    for name, status in machine.status().items():
        group = f"zeek.slice/zeek-standalone.slice/{scope(name)}"
        assert machine.processes(group) == [status["pid"]], name
        assert status["state"] == "running"


BOTH = "kill -KILL $(systemctl show -P MainPID zeek-supervisor zeek-stem)"


@pytest.mark.parametrize("how", [*DEATHS.values(), BOTH, f"systemctl stop {STEM}"])
def test_nodes_run_on_and_their_supervisor_too(supervisor, how):
    machine = supervisor
    for i in range(4):
        machine.create(f"node-{i}", env=behave("stay"))
    before = pids(machine)
    for _ in range(3):
        stem = main_pid(machine)
        expect_deaths(machine)
        machine.run(how)
        machine.wait_for(lambda: main_pid(machine) not in (0, stem), 15)
        machine.wait_for(lambda: answers(machine), 15)
        assert pids(machine) == before
        one_process_a_node(machine)
    assert machine.call("Restart", "s", "node-0")
    assert machine.call("Destroy", "s", "node-1")
    assert set(pids(machine)) == {"node-0", "node-2", "node-3"}
    assert pids(machine)["node-2"] == before["node-2"]


def answers(machine):
    try:
        return machine.bus.get("StemPID") == main_pid(machine) != 0
    except (BusError, RuntimeError):
        return False


def test_no_line_is_lost(supervisor):
    machine = supervisor
    chance = random.Random(1)
    machine.create("talker", env=behave("print=3000", "rate=500", "each-line", "stay"))
    pid = pids(machine)["talker"]
    end = time.monotonic() + 7
    while time.monotonic() < end:
        expect_deaths(machine)
        machine.run(chance.choice([*DEATHS.values(), BOTH]), check=False)
        time.sleep(chance.uniform(0, 1))
    machine.wait_for(lambda: answers(machine), 15)
    assert pids(machine)["talker"] == pid

    def numbers():
        return {int(word) for line in machine.output("talker") for word in line.split() if word.isdigit()}

    machine.wait_for(lambda: max(numbers(), default=0) >= 2999, 30)
    wanted = set(range(1, 3000))
    assert wanted <= numbers()
    # each is counted as it leaves its pipe, and by one daemon; one that is killed right then does not get to note this batch
    machine.wait_for(lambda: 3000 - BATCH <= machine.node("talker")["LinesForwarded"] <= 3000)


def test_a_node_that_ends_without_a_stem_is_started_again(supervisor):
    machine = supervisor
    machine.create("worker", env=behave("stay"))
    pid = pids(machine)["worker"]
    machine.lab.drop_in(STEM, "[Service]\nRestartSec=1s\n", name="slow")
    machine.run("systemctl daemon-reload")
    try:
        expect_deaths(machine)
        machine.run(f"{DEATHS['killed']}; kill -KILL {pid}")
        machine.wait_for(lambda: answers(machine), 15)
        machine.wait_for(lambda: machine.status("worker")["worker"]["state"] == "running"
                         and pids(machine)["worker"] != pid, 20)
        status = machine.status("worker")["worker"]
        if knows_ends(machine):
            assert (status["exit_code"], status["exit_status"]) == (CLD_KILLED, signal.SIGKILL)
        one_process_a_node(machine)
    finally:
        machine.run(f"rm /etc/systemd/system/{STEM}.d/slow.conf; systemctl daemon-reload")


def test_a_reload_asks_the_next_stem(supervisor):
    """A zeek that nobody has asked for its version would be started differently."""
    machine = supervisor
    machine.create("worker", env=behave("stay"))
    before = machine.status("worker")["worker"]
    with frozen(machine, STEM):
        reload = machine.bus.start_call("Reload")
        time.sleep(0.3)
        expect_deaths(machine)
        machine.run(DEATHS["killed"])
    assert reload.result() is None
    assert machine.bus.get("ZeekVersion")
    assert machine.status("worker")["worker"]["pid"] == before["pid"]


def test_a_node_is_destroyed_although_the_stem_dies(supervisor):
    machine = supervisor
    machine.create("worker", env=behave("stay", "ignore-term"), stop_timeout_usec=2_000_000)
    destroy = machine.bus.start_call("Destroy", "s", "worker")
    time.sleep(0.3)
    expect_deaths(machine)
    machine.run(DEATHS["killed"])
    assert destroy.result() is True
    assert machine.status() == {}
