# SPDX-License-Identifier: BSD-3-Clause
"""What one supervisor leaves to the next: nodes go on, whatever has become of the files in between."""

import contextlib
import signal

import faults
import pytest
from bus import BusError
from nodes import CLD_EXITED, STAY, create_ready, is_alive, of_role, play
from raw_bus import RawBus

SUPERVISOR = faults.SUPERVISOR
STATE = "/run/zeek-supervisor/state"
GIVEN = "/run/zeek-supervisor/nodes"


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf", "[Node]\nRestartDelaySec=50ms\n[Logger]\nRestartDelaySec=1h\nRestartDelayMaxSec=1h\n")
    lab.drop_in(SUPERVISOR, "[Service]\nLimitCORE=0\n")


@pytest.fixture(autouse=True)
def nothing_stays(machine):
    machine.run(f"systemctl start {SUPERVISOR}")
    yield
    machine.call("Destroy", "s", "", timeout=120)
    assert (machine.status(), machine.scopes()) == ({}, [])
    assert machine.run(["ls", STATE]).stdout == ""


@contextlib.contextmanager
def between_two(machine, number=signal.SIGKILL):
    """The supervisor does nothing any more; at the end of the context there is another one."""
    pids = faults.mains(machine, SUPERVISOR)
    starts = machine.show(SUPERVISOR)["NRestarts"]
    faults.send(pids, signal.SIGSTOP)
    yield
    machine.expect(rf"{SUPERVISOR}: Failed with result '(signal|core-dump|exit-code)'")
    machine.expect(r"AddressSanitizer: SEGV on unknown address 0x00000000000[01] ")
    faults.send(pids, number)
    faults.send(pids, signal.SIGCONT)
    machine.wait_for(lambda: answers(machine, pids), 30, "the next supervisor")
    machine.expect("^$")
    assert int(machine.show(SUPERVISOR)["NRestarts"]) == int(starts) + 1, "one start is enough"


def answers(machine, before):
    now = faults.mains(machine, SUPERVISOR)
    with contextlib.suppress(BusError, RuntimeError):
        return now and now != before and machine.bus.get("StemPID") != 0


def rests(machine, story, name):
    """It waits to be started again, and of the process before nothing is left: until then the stem knows how that ended."""
    story.wait(name, State="waiting")
    life = machine.lab.path(f"{STATE}/{name}.life")
    machine.wait_for(lambda: "PHASE=at-rest\n" in life.read_text(), what=f"{name} to be at rest")


def said(machine, words):
    return [e["MESSAGE"] for e in machine.journal(f"_SYSTEMD_UNIT={SUPERVISOR}") if words in e["MESSAGE"]]


# The supervisor dies


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_nodes_are_as_they_were(machine, story, number):
    create_ready(machine, "steady", env=STAY)
    machine.create("waiting", **of_role("LOGGER", "waiting"), env=play("early", "exit=4"))
    story.wait("waiting", State="waiting")
    machine.create("done", restart="never", env=play("exit=0"))
    story.wait("done", State="finished")
    before = machine.status()
    with between_two(machine, number):
        pass
    after = machine.status()
    for name in before:
        for volatile in "memory_current", "cpu_usage_nsec", "tasks_current", "last_output":
            before[name].pop(volatile, None), after[name].pop(volatile, None)
    assert after == before
    assert len(story.starts("steady")) == 1


def test_an_end_in_between_is_known_with_its_status_and_told_once(machine, story):
    create_ready(machine, "node", env=play("term-exit=7", "stay"))
    first = machine.node("node")["PID"]
    with between_two(machine):
        machine.run(["kill", str(first)])
        machine.wait_for(lambda: not is_alive(machine, first) or machine.run(["ps", "-o", "s=", str(first)]).stdout[0] == "Z")
    machine.wait_for(lambda: machine.node("node")["State"] == "running" and machine.node("node")["PID"] != first)
    node = machine.node("node")
    assert (node["ExitCode"], node["ExitStatus"], node["NRestarts"]) == (CLD_EXITED, 7, 1)
    assert story.starts("node") == [first, node["PID"]]


def test_a_restart_of_the_service_is_no_stop(machine):
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    machine.run(f"systemctl restart {SUPERVISOR}")
    assert machine.node("node")["PID"] == pid
    machine.run("systemctl restart zeek-supervisor zeek-stem")
    assert machine.node("node")["PID"] == pid


# Its files are damaged


def garbage(machine, file):
    machine.lab.path(file).write_bytes(b"\0\xff what is this?\n" * 30)


def empty(machine, file):
    machine.lab.path(file).write_bytes(b"")


def cut(machine, file):
    path = machine.lab.path(file)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def of_another_version(machine, file):
    path = machine.lab.path(file)
    path.write_text(path.read_text().replace("VERSION=", "VERSION=9"))


def a_fifo(machine, file):
    machine.run(f"rm {file} && mkfifo {file}")


def a_link(machine, file):
    machine.run(f"ln -sf /etc/passwd {file}")


def gone(machine, file):
    machine.run(["rm", file])


@pytest.mark.parametrize("suffix", ["life", "config", "lines"])
@pytest.mark.parametrize("damage", [garbage, empty, cut, a_fifo, a_link, gone])
def test_a_damaged_file_costs_no_node(machine, suffix, damage):
    create_ready(machine, "node", nice=3, env=STAY)
    pid = machine.node("node")["PID"]
    with between_two(machine):
        damage(machine, f"{STATE}/node.{suffix}")
    node = machine.node("node")
    assert (node["State"], node["PID"]) == ("running", pid)
    assert {"name": "node", "nice": 3, "env": STAY}.items() <= node["Config"].items()
    assert machine.call("Restart", "s", "node") is True
    assert machine.lab.path("/etc/passwd").read_text().startswith("root:")


def test_the_life_of_another_version_is_found_again(machine):
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    with between_two(machine):
        of_another_version(machine, f"{STATE}/node.life")
    assert machine.node("node")["PID"] == pid
    assert said(machine, f"Failed to make sense of {STATE}/node.life, going by the stem and the scopes")


def test_of_all_that_is_gone_the_process_remains(machine):
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    with between_two(machine):
        machine.run(f"rm {STATE}/* {GIVEN}/*")
    node = machine.node("node")
    assert (node["State"], node["PID"], node["Config"]) == ("running", pid, {"name": "node"})
    assert said(machine, 'Node "node" runs, but nothing that can be read says so; it is adopted with its name alone')


def test_a_damaged_configuration_is_taken_from_where_the_node_reads_it(machine, story):
    machine.create("waiting", **of_role("LOGGER", "waiting"), env=play("early", "exit=4"))
    story.wait("waiting", State="waiting")
    before = machine.node("waiting")
    with between_two(machine):
        garbage(machine, f"{STATE}/waiting.config")
    node = machine.node("waiting")
    assert all(node[key] == before[key] for key in ("State", "PID", "ExitStatus", "NextRestartUSec"))
    assert said(machine, f"The configuration in {STATE}/waiting.config is damaged")


def test_of_a_node_of_which_nothing_can_be_read_nothing_is_left(machine, story):
    machine.create("waiting", **of_role("LOGGER", "waiting"), env=play("early", "exit=4"))
    rests(machine, story, "waiting")
    with between_two(machine):
        garbage(machine, f"{STATE}/waiting.config")
        cut(machine, f"{GIVEN}/waiting.json")
    assert machine.status() == {}
    assert said(machine, 'What node "waiting" was cannot be read any more')
    assert machine.run(["find", STATE, GIVEN, "-type", "f"]).stdout == ""


def test_a_life_that_cannot_be_read_of_a_node_without_a_process_is_a_failure_that_restart_mends(machine, story):
    machine.create("waiting", **of_role("LOGGER", "waiting"), env=play("early", "exit=4"))
    rests(machine, story, "waiting")
    with between_two(machine):
        cut(machine, f"{STATE}/waiting.life")
    assert machine.node("waiting")["State"] == "failed"
    assert machine.call("Restart", "s", "waiting") is True


# The disk is full


@pytest.fixture
def full(machine):
    """A runtime directory of its own, which fill() leaves no room in."""
    machine.run(f"systemctl stop {SUPERVISOR}")
    machine.run("mkdir -p /run/zeek-supervisor && mount -t tmpfs -o size=256k,mode=755 tmpfs /run/zeek-supervisor")
    machine.run(f"systemctl start {SUPERVISOR}")
    yield lambda: machine.run("cat /dev/zero >/run/zeek-supervisor/ballast", check=False)
    machine.run("rm -f /run/zeek-supervisor/ballast")
    machine.call("Destroy", "s", "")
    machine.run(f"systemctl stop {SUPERVISOR} && umount /run/zeek-supervisor")
    machine.run(f"systemctl start {SUPERVISOR}")


def test_on_a_full_disk_nodes_go_on_and_new_ones_are_refused(machine, full, story):
    create_ready(machine, "old", env=STAY)
    machine.expect("No space left on device")
    full()
    with pytest.raises(BusError, match="No space left on device") as refused:
        machine.create("new", env=STAY)
    assert refused.value.name.endswith("LaunchFailed")
    assert set(machine.status()) == {"old"}
    assert [file.name for file in machine.lab.path(GIVEN).iterdir()] == ["old.json"]

    first = machine.node("old")["PID"]
    machine.run(["kill", "-KILL", str(first)])
    story.wait("old", PID=lambda pid: pid != first, State="running", NRestarts=1)
    assert machine.call("Restart", "s", "old") is True
    machine.expect("No space left on device")
    pid = machine.node("old")["PID"]
    with between_two(machine):
        pass
    node = machine.node("old")
    assert (node["State"], node["PID"]) == ("running", pid)


# The stem is slow, or dies


def test_who_does_not_wait_for_the_stem_finds_out_later(machine, story):
    """No stem answers in a microsecond: until it does, nodes are what they were, and nobody is started twice."""
    conf = "/etc/zeek-supervisor/supervisor.conf.d/impatient.conf"
    create_ready(machine, "node", env=STAY)
    pid = machine.node("node")["PID"]
    machine.lab.write(conf, "[Supervisor]\nAdoptTimeoutSec=1us\n")
    machine.expect("zeek-stem has not said in time which nodes it holds")
    with between_two(machine):
        pass
    machine.run(["rm", conf])
    assert said(machine, "which nodes it holds (AdoptTimeoutSec=)")
    assert machine.node("node")["PID"] == pid and len(story.starts("node")) == 1
    machine.run(["kill", "-KILL", str(pid)])
    story.wait("node", PID=lambda now: now != pid, State="running", NRestarts=1)
    assert machine.create("other", env=STAY) == ""


def test_orders_that_a_dead_stem_had_count_no_more(machine):
    names = [f"n{i}" for i in range(80)]  # more than it gets at a time
    with RawBus(machine.lab) as client:
        machine.expect(f"{faults.STEM}: Failed with result")
        with faults.frozen(machine, faults.STEM):
            calls = [client.send("Create", "a{sv}", {"name": name, "env": STAY}) for name in names]
            machine.wait_for(lambda: len(machine.status()) == len(names))
            faults.send(faults.mains(machine, faults.STEM), signal.SIGKILL)
        assert [client.reply(call) for call in calls] == [""] * len(calls)
    assert len(machine.scopes()) == len(names)
