# SPDX-License-Identifier: BSD-3-Clause
"""Programs of hooks: what they are asked and what comes of their answers, and that a bad one is nobody's trouble."""

import re
import time
from pathlib import Path

import pytest
from nodes import STAY, create_ready, is_alive, play
from test_hooks import add, file, hook, hooks, nothing_left, trial  # noqa: F401 (fixtures)

EXAMPLE = Path(__file__).parents[2] / "examples/hooks.d/60-repetitions.hook"

STARTED = "04b279e03ec54ace92276ba5e490dedd"
FAILED = "2f2f1013f71c4d70a5bcefcb64fc7e9a"
VIOLATION = "f162c8c259284f0ea142030ef5a9e131"
PROFILE = "/etc/zeek-supervisor/seccomp/hook.conf"

# The five lines of the manual.
LOOP = """while IFS= read -r line; do
    case $line in
        *noise*) echo break ;;
        *) echo pass ;;
    esac
done
"""

# Says on its standard error what it is asked.
WITNESS = 'while IFS= read -r line; do echo "$line" >&2; echo pass; done'

# Answers the first line, and no other.
ONCE = "read -r line; echo pass; exec sleep 1000"


def sh(script):
    return ["/bin/sh", "-c", script]


def scope(name):
    return "zeek-hook-{}.scope".format(name.replace("-", r"\x2d"))


def program(machine, name):
    """Its process."""
    pids = machine.wait_for(lambda: machine.processes(machine.show(scope(name)).get("ControlGroup", "").lstrip("/") or "nowhere"))
    return pids[0]


def events(machine, name, kind=FAILED):
    return machine.journal(f"MESSAGE_ID={kind}", f"ZEEK_HOOK={name}")


def wait_failed(machine, name, times=1, timeout=20):
    """The text of its last failure, once there were so many."""
    found = machine.wait_for(lambda: len(found := events(machine, name)) >= times and found, timeout)
    return found[-1]["MESSAGE"]


def complaints(machine, name):
    """What a program has printed on its standard error."""
    return [entry["MESSAGE"] for entry in machine.journal(f"SYSLOG_IDENTIFIER=zeek-hook-{name}")]


def numbers(machine, node, stream="stdout"):
    return [int(line.split()[-1]) for line in machine.output(node, stream) if line.startswith("line ")]


def say(machine, name, *lines, **config):
    create_ready(machine, name, env=play(*(f"say={line}" for line in lines), "say=the end", "stay"), **config)
    machine.wait_for(lambda: "the end" in machine.output(name))
    return machine.output(name)[:-1]


def kill_daemon(machine, unit):
    old = machine.show(unit)["MainPID"]
    machine.expect(unit)
    machine.run(["systemctl", "kill", "--signal=KILL", "--kill-who=main", unit])
    machine.wait_for(lambda: machine.show(unit)["MainPID"] not in ("0", old))


# What it is asked, and what it decides


def test_a_shell_loop_of_five_lines_decides(machine, add):
    add(name="loop", exec=sh(LOOP))
    assert say(machine, "loop", "noise 1", "sound", "more noise", "last") == ["sound", "last"]
    counters = hook(machine, "loop")
    assert (counters["suppressed"], counters["failures"]) == (2, 0)
    node = machine.node("loop")
    assert (node["LinesForwarded"], node["LinesSuppressed"], node["LinesDropped"]) == (3, 2, 0)
    assert trial(machine, "noise") == ("suppress", "loop")
    assert trial(machine, "sound")[0] == "pass"
    assert events(machine, "loop", VIOLATION) == []


def test_a_file_has_a_program_too(machine, file):
    machine.run("install -D /dev/null /usr/local/bin/judge")
    machine.lab.write("/usr/local/bin/judge", "#!/bin/sh\n" + LOOP, 0o755)
    file("50-judge", "[Hook]\nExec=/usr/local/bin/judge\nStream=stderr\n")
    machine.call("Reload")
    create_ready(machine, "judged", env=play("esay=noise", "say=noise", "esay=sound", "esay=the end", "stay"))
    machine.wait_for(lambda: "the end" in machine.output("judged", "stderr"))
    assert machine.output("judged", "stderr") == ["sound", "the end"]
    machine.wait_for(lambda: machine.output("judged") == ["noise"])


def test_a_name_may_be_longer_than_a_unit_takes(machine, add):
    add(name="x" + 127 * "-", exec=sh(LOOP))
    assert say(machine, "long", "noise", "sound") == ["sound"]


def test_it_is_asked_for_node_stream_and_line(machine, add):
    add(name="witness", exec=sh(WITNESS), node="a?ked")
    create_ready(machine, "other", env=play("say=not for it", "stay"))
    create_ready(machine, "asked", env=play(r"say=one\ttab", "esay= blank  s ", r"say=\x1b[31mred\xff", "stay"))
    machine.wait_for(lambda: len(complaints(machine, "witness")) == 3)
    said = complaints(machine, "witness")
    assert sorted(said, key=str) == sorted(
        ["asked\tstdout\tone\ttab", "asked\tstderr\t blank  s ", b"asked\tstdout\t\x1b[31mred\xff"], key=str)
    (entry, *_) = machine.journal("SYSLOG_IDENTIFIER=zeek-hook-witness")
    assert entry["PRIORITY"] == "4"
    assert entry["OBJECT_SYSTEMD_UNIT"] == scope("witness")
    assert "asked" in machine.run(["journalctl", "-u", scope("witness")]).stdout


def test_it_is_confined(machine, add):
    seen = "(cat /proc/self/status; cat /proc/self/limits; cat /proc/self/oom_score_adj; pwd; umask; env; ls -l /proc/self/fd) >&2"
    add(name="confined", exec=sh(f"{seen}; echo done >&2; cat >/dev/null"))
    machine.wait_for(lambda: "done" in complaints(machine, "confined"))
    text = "\n".join(complaints(machine, "confined"))
    uid = machine.run("id -u zeek-hook").stdout.strip()
    assert re.search(rf"^Uid:\s+{uid}\s+{uid}\s+{uid}\s+{uid}$", text, re.M) and uid != "0"
    assert set(re.findall(r"^Cap\w+:\s+(\w+)$", text, re.M)) == {"0" * 16}
    assert re.search(r"^Groups:\s*$", text, re.M)
    assert re.search(r"^NoNewPrivs:\s+1$", text, re.M)
    assert re.search(r"^Seccomp:\s+2$", text, re.M)
    assert re.search(r"Max open files +256 +256 ", text)
    assert re.search(r"Max core file size +0 +0 ", text)
    assert "\n500\n/\n0077\n" in text
    names = set(re.findall(r"^(\w+)=", text, re.M))
    assert names <= {"PATH", "LANG", "HOME", "USER", "LOGNAME", "ZEEK_HOOK", "PWD", "OLDPWD", "SHLVL", "_"}
    assert "ZEEK_HOOK=confined" in text
    assert set(re.findall(r" (\d+) -> \S+$", text, re.M)) == {"0", "1", "2", "3"}  # 3 is ls' own
    shown = machine.show(scope("confined"))
    assert shown["Slice"] == "zeek-hooks.slice"
    assert (shown["MemoryMax"], shown["TasksMax"]) == (str(256 << 20), "64")
    assert sorted(machine.show("zeek-hooks.slice")["IPAddressDeny"].split()) == ["0.0.0.0/0", "::/0"]


def test_the_order_of_lines_is_kept_whoever_is_asked(machine, add):
    add(name="first", exec=sh(LOOP), stream="stdout")
    add(name="second", exec=sh(LOOP))
    create_ready(machine, "ordered", env=play("both=3000", "say=the end", "stay"))
    machine.wait_for(lambda: "the end" in machine.output("ordered"), timeout=30)
    assert numbers(machine, "ordered") == list(range(1, 3001))
    machine.wait_for(lambda: numbers(machine, "ordered", "stderr") == list(range(1, 3001)))
    for name in "first", "second":
        assert hook(machine, name)["failures"] == 0


def test_programs_are_asked_one_after_the_other(machine, add):
    add(name="10-loop", exec=sh(LOOP))
    add(name="20-rule", match="loud", action="suppress")
    add(name="30-witness", exec=sh(WITNESS))
    assert say(machine, "chain", "noise", "loud", "sound") == ["sound"]
    assert complaints(machine, "30-witness") == ["chain\tstdout\tsound", "chain\tstdout\tthe end"]


# What it may ask of the kernel

PROBES = """
import os, socket
for what in (lambda: socket.socket(socket.AF_INET), lambda: os.setgid(os.getgid()), lambda: os.chroot("/")):
    try:
        what()
        print("ok")
    except OSError as error:
        print(error.strerror)
"""


@pytest.fixture
def profile(machine):
    """Puts a profile of hooks into force, and the shipped one after the test."""

    def change(text):
        machine.lab.write(PROFILE, text)
        machine.call("Reload")

    yield change
    machine.run(["rm", "-f", PROFILE])
    machine.call("Reload")


def test_the_shipped_example_needs_nothing_that_its_profile_does_not_allow(machine, file):
    file("60-repetitions", EXAMPLE.read_text())
    machine.call("Reload")
    create_ready(machine, "repeating", env=play("esay=one", "esay=one", "esay=two", "esay=one", "esay=the end", "stay"))
    machine.wait_for(lambda: "the end" in machine.output("repeating", "stderr"))
    assert machine.output("repeating", "stderr") == ["one", "two", "one", "the end"]
    assert events(machine, "60-repetitions", VIOLATION) == []


def test_what_its_profile_does_not_allow_fails_and_is_told(machine, add):
    machine.lab.write("/usr/local/lib/probes.py", PROBES)
    add(name="prying", exec=sh(f"/usr/bin/python3 /usr/local/lib/probes.py >&2; {LOOP}"))
    assert say(machine, "pried", "noise", "sound") == ["sound"]
    assert complaints(machine, "prying") == ["Address family not supported by protocol", *["Operation not permitted"] * 2]
    told = machine.wait_for(lambda: len(found := events(machine, "prying", VIOLATION)) >= 3 and found)
    assert [entry["ZEEK_SYSCALL_TEXT"] for entry in told] == ["socket(AF_INET)", "setgid", "chroot"]
    assert told[1]["MESSAGE"] == (
        'The program of hook "prying" made the system call setgid, which its profile "hook" does not allow: it failed with EPERM'
    )
    expected = dict(PRIORITY="4", ZEEK_SECCOMP="hook", ZEEK_SYSCALL="setgid", ZEEK_SYSCALL_RESULT="EPERM", ZEEK_SYSCALL_COUNT="1",
                    OBJECT_SYSTEMD_UNIT=scope("prying"))
    assert {field: told[1].get(field) for field in expected} == expected
    machine.run("journalctl --update-catalog")
    assert "Process" in machine.run(["journalctl", "-x", "-o", "short", f"MESSAGE_ID={VIOLATION}"]).stdout


def test_another_profile_has_it_started_again(machine, add, profile):
    machine.lab.write("/usr/local/lib/probes.py", PROBES)
    add(name="under", exec=sh(f"/usr/bin/python3 /usr/local/lib/probes.py >&2; {LOOP}"))
    old = program(machine, "under")
    profile("[Seccomp]\nSystemCallFilter=~chroot:EXDEV\n")
    machine.wait_for(lambda: not is_alive(machine, old))
    machine.wait_for(lambda: "Invalid cross-device link" in complaints(machine, "under"))
    new = program(machine, "under")
    profile("[Seccomp]\nSystemCallFilter=~chroot:EXDEV ptrace:EPERM\n")
    machine.wait_for(lambda: not is_alive(machine, new))
    assert say(machine, "under-another", "noise", "sound") == ["sound"]
    assert events(machine, "under") == [], "nobody takes that for a failure of the program"


def test_a_broken_profile_starts_none_and_ends_none(machine, add, profile):
    add(name="before", exec=sh(LOOP))
    old = program(machine, "before")
    profile("[Seccomp]\nSystemCallFilter=~chroot\nSystemCallErrorNumber=ENOPE\n")
    add(name="unborn", exec=sh(LOOP), stream="stderr")
    why = wait_failed(machine, "unborn")
    assert f"could not be started: load seccomp profile 'hook': {PROFILE}:3:23:" in why
    assert say(machine, "half-judged", "noise", "sound") == ["sound"]
    assert program(machine, "before") == old


# Bad ones


def test_one_that_ends_costs_nothing_and_is_started_again(machine, add):
    add(name="mortal", exec=sh("read -r line; echo pass; exit 3"))
    assert say(machine, "mortal", "one", "two", "three") == ["one", "two", "three"]
    assert "/bin/sh, exited with status 3; " in wait_failed(machine, "mortal")
    machine.wait_for(lambda: len(events(machine, "mortal", STARTED)) >= 2)
    assert hook(machine, "mortal")["failures"] >= 1
    (entry, *_) = events(machine, "mortal")
    assert entry["PRIORITY"] == "4" and entry["OBJECT_SYSTEMD_UNIT"] == scope("mortal")
    machine.run("journalctl --update-catalog")
    assert "Program of the output hook mortal failed" in machine.run(["journalctl", "-x", f"MESSAGE_ID={FAILED}"]).stdout


def test_one_that_is_killed_says_so(machine, add):
    add(name="victim", exec=sh(LOOP))
    assert say(machine, "victim", "noise", "one") == ["one"]
    old = program(machine, "victim")
    machine.run(f"kill -KILL {old}")
    assert "was killed by signal SIGKILL; 0 lines" in wait_failed(machine, "victim")
    machine.wait_for(lambda: len(events(machine, "victim", STARTED)) == 2)
    assert program(machine, "victim") != old
    assert say(machine, "victim2", "noise", "two") == ["two"]


def test_one_that_cannot_be_executed_says_why(machine, add):
    add(name="missing", exec=["/nowhere/judge"])
    assert say(machine, "unjudged", "one", "two") == ["one", "two"]
    assert "could not be started: execute /nowhere/judge: No such file or directory" in wait_failed(machine, "missing")


@pytest.mark.parametrize(
    "name, script, why",
    [
        ("garbage", "read -r line; echo pass; read -r line; echo maybe; exec sleep 1000",
         'answered neither "pass" nor "break" but "maybe"; '),
        ("eager", "exec yes pass", "gave more answers than there were questions"),
        ("endless", "read -r line; exec tr '\\0' x </dev/zero", 'answered neither "pass" nor "break" but "xxxx'),
        ("deaf", "exec <&-; exec sleep 1000", "closed its standard input or output"),
    ],
)
def test_one_that_lies_is_found_out(machine, add, name, script, why):
    add(name=name, exec=sh(script))
    assert say(machine, f"by-{name}", "noise", "two", "three") == ["noise", "two", "three"]
    assert why in wait_failed(machine, name)
    # nothing of it is left when it is started again
    machine.wait_for(lambda: len(events(machine, name, STARTED)) >= 2)


def test_one_that_falls_silent_holds_lines_up_once(machine, add):
    add(name="silent", exec=sh(ONCE), timeout_usec=500_000)
    assert say(machine, "warm", "one") == ["one"]
    begin = time.monotonic()
    assert say(machine, "held", *(f"line {n}" for n in range(50))) == [f"line {n}" for n in range(50)]
    assert "did not answer within 0.5 s; " in wait_failed(machine, "silent")
    print(f"held up for {time.monotonic() - begin:.2f} s")
    assert hook(machine, "silent")["failures"] > 0


def test_one_that_is_stopped_is_killed_and_started_again(machine, add):
    add(name="frozen", exec=sh(LOOP), timeout_usec=500_000)
    assert say(machine, "thawed", "noise", "one") == ["one"]
    pid = program(machine, "frozen")
    machine.run(f"kill -STOP {pid}")
    assert say(machine, "cold", "noise", "two") == ["noise", "two"]
    assert "did not answer within 0.5 s; " in wait_failed(machine, "frozen")
    machine.wait_for(lambda: not is_alive(machine, pid))
    machine.wait_for(lambda: len(events(machine, "frozen", STARTED)) == 2)
    assert say(machine, "thawed2", "noise", "three") == ["three"]


def test_one_that_never_answers_holds_nothing_up_for_long(machine, add):
    add(name="mute", exec=sh("while read -r line; do :; done"), timeout_usec=200_000)
    assert say(machine, "patient", "one", "two", "three") == ["one", "two", "three"]
    assert "did not answer within 5 s of its start; " in wait_failed(machine, "mute")


def test_a_child_that_is_left_behind_is_killed_too(machine, add):
    add(name="parent", exec=sh("trap '' TERM; (trap '' TERM; exec sleep 1000) & read -r line; exit 1"))
    assert say(machine, "orphaned", "one") == ["one"]
    assert "exited with status 1" in wait_failed(machine, "parent")
    machine.wait_for(lambda: len(events(machine, "parent", STARTED)) >= 2)


def test_memory_is_bounded_whoever_does_not_read(machine, add):
    def resident():
        pid = machine.show("zeek-supervisor.service")["MainPID"]
        return int(re.search(r"VmRSS:\s+(\d+)", machine.run(f"cat /proc/{pid}/status").stdout)[1])

    add(name="stuffed", exec=sh(ONCE), timeout_usec=1_000_000)
    assert say(machine, "first", "one") == ["one"]
    before = resident()
    for n in range(4):
        create_ready(machine, f"loud{n}", env=play("print=5000", "bytes=1000", "stay"))
    wait_failed(machine, "stuffed")
    for n in range(4):
        machine.wait_for(lambda: machine.node(f"loud{n}")["LinesForwarded"] == 5000, timeout=30)
    if not machine.lab.sanitizers:  # which keep what is freed
        assert resident() - before < 8 * 1024, "KiB"


# Its life, and that of the daemons


def test_nothing_is_left_of_one_that_is_removed(machine, add):
    add(name="brief", exec=sh("while read -r line; do echo pass; done; echo bye >&2"))
    assert say(machine, "short", "one") == ["one"]
    machine.call("RemoveHook", "s", "brief")
    machine.wait_for(lambda: machine.scopes(of="hook") == [])
    machine.wait_for(lambda: complaints(machine, "brief") == ["bye"])
    assert events(machine, "brief") == []


def test_one_that_does_not_want_to_go_is_killed(machine, add):
    add(name="stubborn", exec=sh("trap '' TERM; while :; do sleep 1000; done"))
    pid = program(machine, "stubborn")
    machine.call("RemoveHook", "s", "stubborn")
    add(name="stubborn", exec=sh(LOOP))
    machine.wait_for(lambda: len(events(machine, "stubborn", STARTED)) == 2)
    assert not is_alive(machine, pid)


def test_one_that_does_not_change_outlives_a_reload(machine, file, add):
    file("stays", "[Hook]\nExec=/bin/sh -c 'while read -r line; do echo pass; done'\n")
    path = file("changes", "[Hook]\nExec=/bin/sh -c 'while read -r line; do echo pass; done'\n")
    machine.call("Reload")
    stays, changes = program(machine, "stays"), program(machine, "changes")
    machine.lab.write(path, "[Hook]\nExec=/bin/sh -c 'while read -r line; do echo break; done'\n")
    machine.call("Reload")
    machine.wait_for(lambda: not is_alive(machine, changes))
    assert program(machine, "stays") == stays
    add(name="third", exec=sh(LOOP))
    assert program(machine, "stays") == stays
    machine.wait_for(lambda: trial(machine, "x") == ("suppress", "changes"))


def test_it_outlives_the_stem(machine, add):
    add(name="steady", exec=sh(LOOP))
    assert say(machine, "before", "noise", "one") == ["one"]
    pid = program(machine, "steady")
    kill_daemon(machine, "zeek-stem.service")
    assert say(machine, "after", "noise", "two") == ["two"]
    assert program(machine, "steady") == pid
    assert events(machine, "steady") == []
    machine.run(f"kill -KILL {pid}")
    assert "was killed by signal SIGKILL" in wait_failed(machine, "steady")
    machine.wait_for(lambda: len(events(machine, "steady", STARTED)) == 2)


def test_another_supervisor_has_another_one(machine, add):
    """The old one is ended, whatever it thinks of the end of its input. No line is lost, and the order is kept."""
    add(name="loyal", exec=sh("trap '' TERM; " + LOOP + "exec sleep 1000"))
    create_ready(machine, "enduring", env=play("print=2000", "rate=1000", "say=the end", "stay"))
    machine.wait_for(lambda: numbers(machine, "enduring"))
    old = program(machine, "loyal")
    kill_daemon(machine, "zeek-supervisor.service")
    machine.wait_for(lambda: "the end" in machine.output("enduring"), timeout=30)
    assert not is_alive(machine, old)
    seen = numbers(machine, "enduring")
    assert sorted(set(seen)) == list(range(1, 2001))
    # at most what was being sent is said twice
    back = [before - after for before, after in zip(seen, seen[1:]) if after <= before]
    assert len(back) <= 1 and len(seen) <= 2000 + 64
    assert say(machine, "enduring2", "noise", "one") == ["one"]


def test_both_daemons_may_be_killed_at_once(machine, add):
    add(name="alone", exec=sh(LOOP))
    create_ready(machine, "witnessed", env=play("print=2000", "rate=1000", "say=the end", "stay"))
    machine.wait_for(lambda: numbers(machine, "witnessed"))
    old = program(machine, "alone")
    machine.expect("zeek-stem|zeek-supervisor")
    units = "zeek-stem.service", "zeek-supervisor.service"
    pids = [machine.show(unit)["MainPID"] for unit in units]
    machine.run(["kill", "-KILL", *pids])
    machine.wait_for(lambda: "the end" in machine.output("witnessed"), timeout=30)
    assert sorted(set(numbers(machine, "witnessed"))) == list(range(1, 2001))
    machine.wait_for(lambda: not is_alive(machine, old))
    assert say(machine, "witnessed2", "noise", "one") == ["one"]


def test_a_stop_of_the_supervisor_leaves_none(machine, add):
    add(name="gone", exec=sh(LOOP))
    add(name="tough", exec=sh("trap '' TERM; " + LOOP + "exec sleep 1000"))
    create_ready(machine, "last", env=play("say=noise", "say=sound", "stay", "term-print=5"))
    machine.wait_for(lambda: "sound" in machine.output("last"))
    machine.run("systemctl stop zeek-supervisor")
    assert machine.scopes(of="hook") == []
    assert machine.scopes() == []
    assert "noise" not in machine.output("last")
    assert events(machine, "gone") == events(machine, "tough") == []
    machine.run("systemctl start zeek-supervisor")
    assert say(machine, "back", "noise", "sound") == ["sound"]


def test_a_user_has_programs_too(machine):
    machine.lab.add_user("alice")
    machine.lab.start_user_manager("alice")
    bus = machine.bus_of("alice")
    bus.call("AddHook", "a{sv}", {"name": "mine", "exec": sh("id -un >&2; " + LOOP)})
    bus.call("Create", "a{sv}", {"name": "u", "env": play("say=noise", "say=sound", "say=the end", "stay")})
    user = lambda *m: [e["MESSAGE"] for e in machine.journal(*m)]  # noqa: E731
    machine.wait_for(lambda: "the end" in user("ZEEK_NODE=u"))
    assert user("ZEEK_NODE=u", "ZEEK_STREAM=stdout") == ["sound", "the end"]
    assert user("SYSLOG_IDENTIFIER=zeek-hook-mine") == ["alice"]
    assert machine.scopes(user="alice", of="hook") == [scope("mine")]
    machine.run("systemctl --user stop zeek-supervisor", user="alice")
    assert machine.scopes(user="alice", of="hook") == []
