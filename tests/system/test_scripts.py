# SPDX-License-Identifier: BSD-3-Clause
"""What documents and examples tell a script to do works, with the tools that they name."""

import os
import signal
import subprocess

import pytest
from documents import ROOT, blocks
from nodes import STAY, play

pytestmark = pytest.mark.usefixtures("cleared")


def run_together(machine, *command, text):
    return machine.run([*command, text], timeout=120).stdout


def test_the_page_about_scripts_works_in_the_shell(machine):
    text = "\n".join(blocks("docs/scripting.md"))
    output = run_together(machine, "bash", "-euo", "pipefail", "-c", text=text)
    assert "b false" in output and "org.zeek.Supervisor.NodeStatus ('sniffer'" in output
    assert machine.status() == {}


def test_the_page_about_scripts_works_in_python(machine):
    text = "\n".join(blocks("docs/scripting.md", "python"))
    output = run_together(machine, "/usr/bin/python3", "-c", text=text)
    assert output.splitlines()[-1] == "logger-1 manager proxy-1 third worker-1 worker-2"
    assert "node with name 'third' already exists" in output


@pytest.fixture
def watch(machine):
    """The example as it runs, and what it has printed."""
    process = machine.popen(["/usr/bin/python3", "-u", "-c", (ROOT / "examples/watch-nodes").read_text()],
                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def read_until(process, *words):
    """All that it prints up to a line that begins so."""
    beginning = " ".join(map(str, words)) + " "
    lines = []
    while not lines or not lines[-1].startswith(beginning):
        lines.append(process.stdout.readline().rstrip("\n") + " ")
        assert process.poll() is None, lines
    return lines


def test_signals_alone_tell_all_that_happens(machine, watch, story):
    machine.create("first", env=STAY)
    first = machine.node("first")["PID"]
    read_until(watch, "first running", first)

    machine.create("second", env=play("exit=3", "after=300"), restart="never")
    second = machine.node("second")["PID"]
    story.wait("second", State="finished")
    lines = read_until(watch, "second finished", second)
    assert any(line.startswith(f"second running {second} ") for line in lines)

    machine.call("Restart", "s", "first")
    again = machine.node("first")["PID"]
    lines = read_until(watch, "first running", again, "ready")
    assert any(line.startswith(f"first stopping {first} ") for line in lines)
    machine.call("Destroy", "s", "first")
    read_until(watch, "first gone")
