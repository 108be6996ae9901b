# SPDX-License-Identifier: BSD-3-Clause
"""Rule hooks, from files and over the bus: which lines of a node reach the journal, and how."""

import pytest
from bus import BusError
from nodes import STAY, create_ready, of_role, play

PLACES = {place: f"{place}/zeek-supervisor/hooks.d" for place in ("/etc", "/run", "/usr/lib")}
RUNTIME = "/run/zeek-supervisor/hooks"


@pytest.fixture(autouse=True)
def nothing_left(machine):
    yield
    machine.call("Destroy", "s", "")
    assert hooks(machine) == []


@pytest.fixture
def file(machine):
    """Writes a hook's file; all are gone after the test."""
    written = []

    def write(name, text, place="/etc"):
        path = f"{PLACES[place]}/{name}.hook"
        machine.run(["install", "-D", "/dev/null", path])
        machine.lab.write(path, text)
        written.append(path)
        return path

    yield write
    if written:
        machine.run(["rm", "-f", *written])
        machine.call("Reload")


@pytest.fixture
def add(machine):
    """Adds a hook over the bus; all are gone after the test."""
    added = []

    def add_hook(**hook):
        added.append(machine.call("AddHook", "a{sv}", hook))
        return added[-1]

    yield add_hook
    for name in {hook["name"] for hook in hooks(machine)} & set(added):
        assert machine.call("RemoveHook", "s", name) is True


def hooks(machine):
    return machine.call("ListHooks")


def hook(machine, name):
    return next(hook for hook in hooks(machine) if hook["name"] == name)


def trial(machine, line, node="anybody", stream="stdout"):
    verdict = machine.call("TestHooks", "sss", node, stream, line)
    return verdict["verdict"], verdict["hook"]


def say(machine, name, *lines, **config):
    """Creates a node that prints these lines, and the word end; returns what the journal has of them."""
    create_ready(machine, name, env=play(*(f"say={line}" for line in lines), "say=the end", "stay"), **config)
    machine.wait_for(lambda: "the end" in machine.output(name))
    return machine.output(name)[:-1]


# Files


def test_a_file_suppresses(machine, file):
    file("noise", "[Hook]\nMatch=noise [0-9]+$\nAction=suppress\n")
    machine.call("Reload")
    assert say(machine, "f1", "noise 1", "noise", "sound", "noise 22") == ["noise", "sound"]
    assert hook(machine, "noise")["matched"] == hook(machine, "noise")["suppressed"] == 2
    node = machine.node("f1")
    assert (node["LinesForwarded"], node["LinesSuppressed"], node["LinesDropped"]) == (3, 2, 0)


def test_files_hide_and_mask_each_other(machine, file):
    file("a", "[Hook]\nMatch=x\nAction=suppress\n", "/usr/lib")
    file("b", "[Hook]\nMatch=y\nAction=suppress\n", "/usr/lib")
    file("c", "[Hook]\nMatch=z\nAction=suppress\n", "/run")
    etc = file("a", "[Hook]\nMatch=other\nAction=suppress\n", "/etc")
    file("b", "", "/etc")
    machine.call("Reload")
    assert [(hook["name"], hook["source"]) for hook in hooks(machine)] == [("a", etc), ("c", f"{PLACES['/run']}/c.hook")]
    assert [trial(machine, line)[0] for line in ("x", "y", "z", "other")] == ["pass", "pass", "suppress", "suppress"]


def test_what_is_wrong_is_told_with_its_place_and_the_rest_stays_in_force(machine, file):
    path = file("wrong", "[Hook]\nMatch=fine\n  Match=a(b\nAction=suppress\n")
    worse = file("worse", "[Hook]\nMatch=[z-a]\nAction=suppress\n")
    machine.expect("ignoring this pattern")
    machine.call("Reload")
    log = machine.journal("_SYSTEMD_UNIT=zeek-supervisor.service")
    assert [entry for entry in log if entry["MESSAGE"].startswith(f"{path}:3:10: Match=: Missing close parenthesis")]
    assert [entry for entry in log if entry["MESSAGE"].startswith(f"{worse}:2:")]
    assert trial(machine, "fine") == ("suppress", "wrong")
    assert trial(machine, "z") == trial(machine, "anything") == ("pass", "")


def test_hooks_apply_in_the_order_of_their_names(machine, file, add):
    file("20-quiet", "[Hook]\nMatch=noise\nAction=suppress\n")
    file("10-keep", "[Hook]\nMatch=important\nAction=pass\n")
    machine.call("Reload")
    add(name="05-mark", match="noise", priority="notice", set_field={"KIND": "noise"})
    add(name="30-rest", match=["noise", "rest"], action="suppress")
    assert [hook["name"] for hook in hooks(machine)] == ["05-mark", "10-keep", "20-quiet", "30-rest"]
    assert trial(machine, "noise") == ("suppress", "20-quiet")
    assert trial(machine, "important noise") == ("pass", "10-keep")
    assert trial(machine, "rest") == ("suppress", "30-rest")
    verdict = machine.call("TestHooks", "sss", "anybody", "stderr", "important noise")
    assert verdict == {"verdict": "pass", "hook": "10-keep", "priority": 5, "fields": {"KIND": "noise"}}
    assert hook(machine, "05-mark")["matched"] == 0, "a test is not counted"


def test_the_loader_takes_thousands_of_patterns(machine, file):
    lines = [f"Match=pattern {n} of [0-9]+\n" for n in range(3000)]
    file("many", "[Hook]\n" + "".join(lines) + "Action=suppress\n")
    machine.call("Reload")
    assert trial(machine, "pattern 2999 of 17") == ("suppress", "many")
    assert trial(machine, "pattern 3000 of 17") == ("pass", "")


def test_the_daemon_ends_at_once_whatever_is_being_compiled(machine, file):
    lines = [f"Match=pattern {n} of [a-z]+[0-9]{{1,50}} and {n}\n" for n in range(4000)]
    file("endless", "[Hook]\n" + "".join(lines) + "Action=suppress\n")
    machine.bus.start_call("Reload")
    threads = machine.lab.path(f"/proc/{machine.show('zeek-supervisor.service')['MainPID']}/task")
    machine.wait_for(lambda: len(list(threads.iterdir())) > 1, what="the worker")
    machine.run("systemctl stop zeek-supervisor", timeout=20)
    assert machine.show("zeek-supervisor.service")["Result"] == "success"
    machine.run(["rm", f"{PLACES['/etc']}/endless.hook"])
    assert hooks(machine) == []


# The bus


def test_a_hook_comes_and_goes_while_a_node_prints(machine, add):
    create_ready(machine, "b1", env=play("print=endless", "rate=100"))
    machine.wait_for(lambda: machine.output("b1"))
    add(name="hush", node="b*", match="line [0-9]+", action="suppress")
    machine.wait_for(lambda: hook(machine, "hush")["suppressed"] > 0)


def test_a_runtime_hook_outlives_the_daemon(machine, add):
    machine.expect("zeek-supervisor.service")
    name = add(name="lasting", match=["a", "b\\d"], stream="stderr", role=["worker", "logger"], node="w*", action="suppress",
               priority=4, set_field={"A_B": "c d", "E": "'\"\\"})
    before = hook(machine, name)
    assert before["source"] == "runtime"
    machine.run("systemctl restart zeek-supervisor")
    assert hook(machine, name) == before
    machine.run("systemctl kill --kill-whom=main --signal=KILL zeek-supervisor")
    machine.wait_for(lambda: machine.run("systemctl is-active zeek-supervisor", check=False).stdout == "active\n")
    assert hook(machine, name) == before
    machine.run("systemctl stop zeek-supervisor")
    assert hook(machine, name) == before  # whoever asks starts it


def test_a_hook_may_be_given_in_many_ways(machine, add):
    assert add(name="plain") == "plain"
    add(name="lists", match=["x"], node=["a"], role=["worker"])
    add(name="strings", match="x", node="a", role="worker")
    lists, strings = (hook(machine, name) for name in ("lists", "strings"))
    assert {**lists, "name": ""} == {**strings, "name": ""}
    assert add(match="x").startswith("runtime")


@pytest.mark.parametrize("wrong, key", [
    ({"name": "../x"}, "name"),
    ({"name": "x", "match": "a(b"}, r"match\[0\]: column 2: Missing close parenthesis"),
    ({"name": "x", "match": ["fine", "a\\1(b)"]}, r"match\[1\]: column 1: Back-references"),
    ({"name": "x", "match": "a\nb"}, "match"),
    ({"name": "x", "action": "drop"}, "action"),
    ({"name": "x", "priority": "loud"}, "priority"),
    ({"name": "x", "priority": 8}, "priority"),
    ({"name": "x", "set_field": {"_UID": "0"}}, "set_field"),
    ({"name": "x", "set_field": {"MESSAGE": "forged"}}, "set_field"),
    ({"name": "x", "set_field": {"ZEEK_NODE": "forged"}}, "set_field"),
    ({"name": "x", "stream": "stdin"}, "stream"),
    ({"name": "x", "role": "boss"}, "role"),
    ({"name": "x", "color": "red"}, "color"),
])
def test_a_wrong_hook_is_refused_and_leaves_nothing(machine, wrong, key):
    before = hooks(machine)
    with pytest.raises(BusError, match=f"InvalidHook: {key}"):
        machine.call("AddHook", "a{sv}", wrong)
    assert hooks(machine) == before
    assert machine.run(f"ls {RUNTIME} 2>/dev/null", check=False).stdout == ""


MANY_WRONG = """
import dbus
supervisor = dbus.SystemBus().get_object("org.zeek.Supervisor", "/org/zeek/Supervisor")
for _ in range(1000):
    try:
        supervisor.AddHook({"name": "wrong", "match": "a(b"}, dbus_interface="org.zeek.Supervisor")
    except dbus.DBusException as error:
        print(error)
"""


def test_many_wrong_hooks_are_all_refused(machine):
    """That its pattern is wrong, each learns from a thread, at any moment of the loop's."""
    machine.call("ListHooks")
    pid = machine.main_pid("zeek-supervisor.service")
    refused = machine.run(["/usr/bin/python3", "-c", MANY_WRONG]).stdout
    assert refused.count("InvalidHook: match[0]: column 2: Missing close parenthesis") == 1000
    assert machine.main_pid("zeek-supervisor.service") == pid and hooks(machine) == []


def test_names_are_taken_once(machine, file, add):
    path = file("taken", "[Hook]\nMatch=x\nAction=pass\n")
    machine.call("Reload")
    with pytest.raises(BusError, match=f"InvalidHook: name: there is a hook 'taken' already \\({path}\\)"):
        add(name="taken", match="y")
    add(name="once", match="x")
    with pytest.raises(BusError, match=r"InvalidHook: name: there is a hook 'once' already \(runtime\)"):
        add(name="once", match="y")


def test_only_runtime_hooks_are_removed(machine, file):
    path = file("fixed", "[Hook]\nMatch=x\nAction=pass\n")
    machine.call("Reload")
    with pytest.raises(BusError, match=f"InvalidHook: .*{path}: remove or mask it there"):
        machine.call("RemoveHook", "s", "fixed")
    with pytest.raises(BusError, match="NoSuchHook: there is no hook 'nobody'"):
        machine.call("RemoveHook", "s", "nobody")


@pytest.mark.parametrize("stream, line", [("stdin", "x"), ("", "x"), ("stdout", ""), ("stdout", "two\nlines")])
def test_a_test_needs_one_line_of_a_stream(machine, stream, line):
    with pytest.raises(BusError, match="InvalidArgs"):
        machine.call("TestHooks", "sss", "node", stream, line)


def test_their_number_is_a_property(machine, add):
    assert machine.bus.get("NHooks") == 0
    with machine.signals() as signals:
        add(name="one", match="x")
        signals.wait_for("PropertiesChanged", "org.zeek.Supervisor", {"NHooks": 1}, [])
    assert machine.bus.get("NHooks") == 1


# What they do


def test_a_hook_is_for_those_whom_it_names(machine, add):
    add(name="h", match="noise", stream="stderr", node=["w-*", "x?"], role="worker", action="suppress")
    create_ready(machine, "w-1", **of_role("WORKER", "w-1"), env=STAY)
    create_ready(machine, "w-2", **of_role("PROXY", "w-2"), env=STAY)
    assert trial(machine, "noise", "w-1", "stderr") == ("suppress", "h")
    assert trial(machine, "noise", "w-1", "stdout") == ("pass", "")
    assert trial(machine, "noise", "w-2", "stderr") == ("pass", "")
    assert trial(machine, "noise", "nobody", "stderr") == ("pass", "")


def test_priority_and_fields_are_in_the_journal(machine, add):
    add(name="h", match="(?i)error", priority="err", set_field={"ZEEK_KIND": "oops", "COLOUR": "deep red"})
    say(machine, "p1", "an Error", "fine")
    marked, plain = (machine.journal("ZEEK_NODE=p1", f"MESSAGE={line}")[0] for line in ("an Error", "fine"))
    assert (marked["PRIORITY"], marked["ZEEK_KIND"], marked["COLOUR"]) == ("3", "oops", "deep red")
    assert plain["PRIORITY"] == "6" and "ZEEK_KIND" not in plain


def test_what_is_suppressed_is_not_among_the_last_lines(machine, add):
    add(name="h", match="secret", action="suppress")
    say(machine, "l1", "a secret", "no news")
    assert machine.status("l1")["l1"]["last_output"] == ["no news", "the end"]
