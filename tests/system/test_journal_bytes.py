# SPDX-License-Identifier: BSD-3-Clause
"""Lines of any bytes and any length: each is in the journal as it was printed, and none is more than a line."""

import pytest
from nodes import STAY, create_ready, play

pytestmark = pytest.mark.usefixtures("tidy")
LINE_MAX = 48 * 1024


def hexadecimal(data):
    return f"raw={data.hex()}"


def printed(machine, name, *directives, n=1):
    """The entries of what a node printed, n lines and an end."""
    create_ready(machine, name, env=play("stay", *directives))
    return machine.wait_for(lambda: len(found := machine.journal(f"ZEEK_NODE={name}", "ZEEK_STREAM=stdout")) >= n and found)


def as_bytes(message):
    return message if isinstance(message, bytes) else message.encode()


LINES = {
    "nul": b"a\0b",
    "only-nul": b"\0",
    "invalid-utf-8": b"caf\xe9 \xff\xfe \xc3",
    "escapes": b"\x1b[31mred\x1b[0m \x07\x08",
    "carriage-return": b"progress\rdone\r",
    "tabs": b"\tx\ty\t",
    "unicode": "Zürich \U0001f600".encode(),
    "blanks": b"   ",
    "vertical": b"\x0b\x0c\x85",
    "equals": b"MESSAGE=forged",
    "journal-lengths": b"MESSAGE\x08\0\0\0\0\0\0\0forged!!",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_stored_as_it_was_printed(machine, name):
    (entry,) = printed(machine, f"bytes-{name}", hexadecimal(LINES[name] + b"\n"))
    assert as_bytes(entry["MESSAGE"]) == LINES[name]
    assert entry["PRIORITY"] == "6" and entry["ZEEK_NODE"] == f"bytes-{name}"


def test_a_line_forges_no_field_and_no_other_line(machine):
    forged = [b"x", b"PRIORITY=0", b"ZEEK_NODE=other", b"OBJECT_PID=1", b"MESSAGE", b"\x01\0\0\0\0\0\0\0y", b"_UID=0", b"__CURSOR=z"]
    entries = printed(machine, "forger", hexadecimal(b"\n".join(forged) + b"\n"), n=len(forged))
    assert [as_bytes(entry["MESSAGE"]) for entry in entries] == forged
    for entry in entries:
        assert (entry["ZEEK_NODE"], entry["PRIORITY"], entry["_UID"]) == ("forger", "6", "0")
        assert entry["OBJECT_PID"] == entry["ZEEK_NODE_PID"]
    assert machine.journal("ZEEK_NODE=other") == []


def test_empty_lines_are_nothing(machine):
    entries = printed(machine, "gaps", hexadecimal(b"\n\na\n\n\nb\n\n"), n=2)
    assert [entry["MESSAGE"] for entry in entries] == ["a", "b"]
    assert machine.node("gaps")["LinesForwarded"] == 2


def test_what_has_no_newline_is_a_line_at_the_end(machine):
    create_ready(machine, "unfinished", env=play("say=whole", "partial=half", "stay"))
    machine.wait_for(lambda: machine.output("unfinished") == ["whole"])
    assert machine.node("unfinished")["LinesForwarded"] == 1
    machine.call("Destroy", "s", "unfinished")
    machine.wait_for(lambda: machine.output("unfinished") == ["whole", "half"])


@pytest.mark.parametrize("size, pieces", [(LINE_MAX - 1, 1), (LINE_MAX, 1), (LINE_MAX + 1, 2), (2 * LINE_MAX + 7, 3)])
def test_a_line_that_is_too_long_is_cut_into_marked_pieces(machine, size, pieces):
    entries = printed(machine, f"long-{size}", f"exec=head -c {size} /dev/zero; echo; echo end; sleep 1000", n=pieces + 1)
    *found, end = entries
    assert end["MESSAGE"] == "end" and "ZEEK_LINE_PART" not in end
    assert [len(entry["MESSAGE"]) for entry in found] == [LINE_MAX] * (pieces - 1) + [size - (pieces - 1) * LINE_MAX]
    assert {byte for entry in found for byte in as_bytes(entry["MESSAGE"])} == {0}
    marks = [(entry.get("ZEEK_LINE_PART"), entry.get("ZEEK_LINE_BREAK")) for entry in found]
    if pieces == 1:
        assert marks == [(None, None)]
    else:
        assert marks == [(str(n), "line-max") for n in range(1, pieces)] + [(str(pieces), None)]


def test_megabytes_without_a_newline_pass_in_pieces(machine):
    size = 20 * 1024 * 1024
    create_ready(machine, "endless", env=play(f"exec=head -c {size} /dev/zero; echo; echo end; sleep 1000"))
    pieces = -(-size // LINE_MAX)
    machine.wait_for(lambda: machine.node("endless")["LinesForwarded"] == pieces + 1, timeout=60)
    last = machine.journal("ZEEK_NODE=endless", "-n", "2")
    assert last[0]["ZEEK_LINE_PART"] == str(pieces) and last[1]["MESSAGE"] == "end"


def test_a_descendant_that_keeps_the_pipe_open_holds_nothing_up(machine):
    """It left the scope; what it says after the node's end goes nowhere."""
    out = "setsid sh -c 'echo $$ >/tmp/outsider; while sleep 0.1; do echo noise; done' & echo said; sleep 1000"
    create_ready(machine, "parent", env=play(f"exec={out}"))
    machine.wait_for(lambda: "noise" in machine.output("parent"))
    machine.run("mkdir -p /sys/fs/cgroup/outside; cat /tmp/outsider >/sys/fs/cgroup/outside/cgroup.procs")
    outsider = machine.run("cat /tmp/outsider").stdout.strip()
    try:
        assert machine.call("Destroy", "s", "parent") is True
        assert machine.status() == {}
        assert "said" in machine.output("parent")
        n = len(machine.output("parent"))
        machine.create("later", env=STAY)
        assert len(machine.output("parent")) == n
    finally:
        machine.run(f"kill -KILL {outsider}; while kill -0 {outsider} 2>/dev/null; do :; done; rmdir /sys/fs/cgroup/outside", check=False)
