# SPDX-License-Identifier: BSD-3-Clause
"""The watch that every system test keeps over the daemons: does it see what it should? A shell script plays a daemon."""

import pytest

from machine import Machine

DAEMON = "zeek-stem.service"


@pytest.fixture(scope="module")
def machine(lab):
    return Machine(lab)


@pytest.fixture
def play(lab):
    """Runs a script as the daemon, to its end."""

    def run(script):
        lab.write("/run/script", script)
        lab.write("/etc/systemd/system/" + DAEMON, "[Service]\nType=oneshot\nExecStart=sh /run/script\n")
        lab.run("systemctl daemon-reload")
        lab.run(["systemctl", "start", DAEMON], check=False)
        lab.run(["systemctl", "reset-failed", DAEMON], check=False)

    return run


def test_a_quiet_end_is_no_problem(machine, play):
    play("echo all is well; echo '<4>a warning'")
    assert machine.problems() == []


def test_an_error_in_the_journal_is_a_problem(machine, play):
    play("echo '<3>something broke'")
    assert machine.problems() == ["sh: something broke"]
    assert machine.problems() == []


def test_what_a_node_has_printed_is_no_problem(machine, play):
    play("printf 'MESSAGE=fatal error\\nPRIORITY=3\\nZEEK_STREAM=stderr\\n' | logger --journald")
    assert machine.problems() == []


@pytest.mark.parametrize("script", ["exit 1", "kill -KILL $$", "kill -ABRT $$"])
def test_a_failed_unit_is_a_problem(machine, play, script):
    play(script)
    (problem,) = machine.problems()
    assert problem.startswith(f"systemd: {DAEMON}: Failed with result ")


def test_what_is_expected_is_no_problem_once(machine, play):
    machine.expect("Failed with result 'exit-code'")
    play("exit 1")
    assert machine.problems() == []
    play("exit 1")
    assert len(machine.problems()) == 1


def test_a_sanitizer_report_is_a_problem(machine, lab):
    lab.write("/var/log/sanitizers/asan.zeek-stem.77", "ERROR: LeakSanitizer: detected memory leaks\n")
    (problem,) = machine.problems()
    assert "detected memory leaks" in problem
    assert machine.problems() == []
