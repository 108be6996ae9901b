# SPDX-License-Identifier: BSD-3-Clause
"""What an administrator finds of a node in the journal: its lines, its story, and what each entry of it means."""

import re
from pathlib import Path

import pytest
from nodes import STAY, create_ready, of_role, play, scope

ROOT = Path(__file__).parents[2]
STARTED, EXITED, WAITING, FAILED, DESTROYED = (
    "4d89145b89214912a933a035118c1faa",
    "ced6e487fe1c459489d82fb2bf50c70c",
    "a9a29792bb584af38821bac74a716c10",
    "465daec9765e41f98d943e3be9015cdb",
    "731118d568a94a02b0eb21570c18aadd",
)

pytestmark = pytest.mark.usefixtures("tidy")


def prepare(lab):
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/journal.conf",
              "[Worker]\nRestartDelaySec=50ms\n[Proxy]\nRestartDelaySec=50ms\nRestartAttempts=1\n")


def lines_of(machine, *matches):
    return [entry["MESSAGE"] for entry in machine.journal(*matches)]


# Lines


def test_a_line_has_all_fields(machine):
    create_ready(machine, "fields-1", **of_role("WORKER", "fields-1"), env=play("say=out", "esay=err", "stay"))
    pid = str(machine.node("fields-1")["PID"])
    for stream, priority, line in ("stdout", "6", "out"), ("stderr", "5", "err"):
        machine.wait_for(lambda: machine.output("fields-1", stream))
        entry = machine.journal("ZEEK_NODE=fields-1", f"ZEEK_STREAM={stream}")[0]
        expected = {
            "MESSAGE": line,
            "PRIORITY": priority,
            "SYSLOG_IDENTIFIER": "zeek-fields-1",
            "ZEEK_NODE": "fields-1",
            "ZEEK_ROLE": "worker",
            "ZEEK_STREAM": stream,
            "ZEEK_NODE_PID": pid,
            "OBJECT_PID": pid,
            "_SYSTEMD_UNIT": "zeek-supervisor.service",
            "_TRANSPORT": "journal",
        }
        assert {field: entry.get(field) for field in expected} == expected
        assert scope("fields-1") in entry["OBJECT_SYSTEMD_UNIT"], "journald adds what it knows itself, if it does"
        assert not [field for field in entry if field.startswith("ZEEK_LINE")]


def test_journalctl_and_systemctl_show_the_lines_of_a_scope(machine):
    create_ready(machine, "shown-1", env=play("say=hello from stdout", "esay=hello from stderr", "stay"))
    machine.wait_for(lambda: machine.output("shown-1", "stderr"))
    for command in (f"journalctl -u '{scope('shown-1')}'", "journalctl ZEEK_NODE=shown-1", "journalctl -t zeek-shown-1",
                    f"systemctl status '{scope('shown-1')}'"):
        output = machine.run(f"{command} --no-pager -o cat" if "journalctl" in command else command).stdout
        assert "hello from stdout" in output and "hello from stderr" in output, command


def test_nodes_of_a_role_are_found_together(machine):
    for name in "role-a", "role-b":
        create_ready(machine, name, **of_role("LOGGER", name), env=play(f"say=I am {name}", "stay"))
        machine.wait_for(lambda: machine.output(name))
    assert lines_of(machine, "ZEEK_ROLE=logger", "ZEEK_STREAM=stdout") == ["I am role-a", "I am role-b"]


def test_the_streams_of_a_node_are_each_in_order(machine):
    create_ready(machine, "ordered", env=play("both=500", "stay"))
    wanted = [f"line {n}" for n in range(1, 501)]
    for stream in "stdout", "stderr":
        machine.wait_for(lambda: machine.output("ordered", stream) == wanted)


# The story


def story_of(machine, name):
    """Everything about a node in the order of the journal: lines, and what the others are about."""
    entries = machine.journal(f"ZEEK_NODE={name}")
    return [entry.get("MESSAGE_ID", entry["MESSAGE"]) for entry in entries]


def test_the_story_of_a_node_stands_among_its_lines(machine):
    machine.create("short", **of_role("WORKER", "short"), restart="never", env=play("say=first", "say=last", "early", "exit=3"))
    machine.wait_for(lambda: machine.node("short")["State"] == "finished")
    machine.call("Destroy", "s", "short")
    machine.wait_for(lambda: DESTROYED in story_of(machine, "short"))
    found = story_of(machine, "short")
    assert found[0] == STARTED and found[1:4] == ["first", "last", EXITED]

    entries = {entry["MESSAGE_ID"]: entry for entry in machine.journal("ZEEK_NODE=short") if "MESSAGE_ID" in entry}
    assert (entries[EXITED]["EXIT_CODE"], entries[EXITED]["EXIT_STATUS"]) == ("exited", "3")
    assert "EXIT_CODE" not in entries[STARTED]
    assert entries[DESTROYED]["ZEEK_ROLE"] == "worker"
    for entry in entries.values():
        assert entry["SYSLOG_IDENTIFIER"] == "zeek-supervisord" and entry["OBJECT_SYSTEMD_UNIT"] == scope("short")


@pytest.mark.parametrize("run", range(5))
def test_the_last_words_come_before_the_end(machine, run):
    """However much there is of them: the end is told when all is said."""
    name = f"words-{run}"
    machine.create(name, restart="never", env=play("both=3000", "partial=and", "signal=KILL"))
    machine.wait_for(lambda: EXITED in story_of(machine, name), timeout=20)
    found = story_of(machine, name)
    end = found.index(EXITED)
    assert end == len(found) - 1 or not [line for line in found[end:] if line.startswith(("line", "and"))]
    assert found[:end].count("line 3000") == 2 and "and" in found[:end]


def test_a_node_that_cannot_stay_up_has_the_whole_story(machine):
    machine.expect("is given up")
    machine.create("story", **of_role("PROXY", "story"), env=play("esay=cannot work", "early", "exit=1"))
    machine.wait_for(lambda: FAILED in story_of(machine, "story"))
    found = [part for part in story_of(machine, "story") if len(part) == 32]
    if WAITING not in found:  # the delay counts from the start, and was over
        found.insert(2, WAITING)
    assert found == [STARTED, EXITED, WAITING, STARTED, EXITED, FAILED]


# The catalog


def test_every_entry_of_ours_is_explained():
    """A MESSAGE_ID in the source has a text in the catalog, and none there is of no use."""
    source = "".join(path.read_text() for path in (ROOT / "src" / "supervisor").glob("*.c"))
    catalog = next((ROOT / "catalog").glob("*.catalog*")).read_text()
    used = set(re.findall(r'"([0-9a-f]{32})"', source))
    assert used == set(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE)) and len(used) >= 9


def test_journalctl_explains_an_entry(machine):
    machine.run("journalctl --update-catalog")
    machine.create("explained", env=STAY)
    machine.wait_for(lambda: STARTED in story_of(machine, "explained"))
    text = machine.run(f"journalctl -x --no-pager MESSAGE_ID={STARTED} ZEEK_NODE=explained").stdout
    assert "Subject: Zeek node explained runs" in text and "was started as process" in text
    assert not re.search(r"@\w+@", text), "a field that the entry does not have"
