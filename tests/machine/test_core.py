# SPDX-License-Identifier: BSD-3-Clause
"""The core of a node that crashed: systemd-coredump keeps it, and what the supervisor says of the node leads to it.

What the kernel does with cores is one setting for all of a machine, so no lab can show this."""

import pytest
from ctl import NOT_RUNNING, Zsupctl
from nodes import CLD_DUMPED, EXITED, GIVEN_UP, of_role, play, scope

STORED = "fc2e22bc6ee647b6b90729ab34a250b1"  # systemd-coredump: "Process PID (NAME) of user UID dumped core."
ABORTS = play("say=I am about to crash", "abort")


@pytest.fixture(autouse=True)
def kept_cores():
    pattern = open("/proc/sys/kernel/core_pattern").read()
    assert pattern.startswith("|") and "/systemd-coredump " in pattern


@pytest.fixture
def given_up(machine):
    """A worker that aborted and must not be started again after that; with the process that did."""
    conf = "/etc/zeek-supervisor/supervisor.conf.d/50-core.conf"
    machine.expect('Node "crashing" is given up')
    machine.run("journalctl --update-catalog")  # as the installation of a package does
    machine.lab.write(conf, "[Worker]\nRestartPreventExitStatus=SIGABRT\n")
    machine.call("Reload")
    try:
        machine.create("crashing", **of_role("WORKER", "crashing"), env=ABORTS)
        machine.wait_for(lambda: machine.status("crashing")["crashing"]["state"] == "failed", timeout=30)
        yield machine.status("crashing")["crashing"]["pid"]
    finally:
        machine.run(["rm", conf])
        machine.call("Reload")


def stored_core(machine, pid):
    """The entry of systemd-coredump, which comes when it is done, and that may be after the node was given up."""
    found = machine.wait_for(lambda: machine.journal(f"MESSAGE_ID={STORED}", f"COREDUMP_PID={pid}"), timeout=30)
    return found[0]


def test_the_events_of_a_node_that_dumped_its_core_name_the_entry_about_it(machine, given_up):
    core = stored_core(machine, given_up)
    assert (core["COREDUMP_UNIT"], core["COREDUMP_SIGNAL_NAME"]) == (scope("crashing"), "SIGABRT")

    for kind in EXITED, GIVEN_UP:
        (event,) = machine.journal(f"MESSAGE_ID={kind}", "ZEEK_NODE=crashing")
        assert (event["COREDUMP_PID"], event["EXIT_CODE"]) == (core["COREDUMP_PID"], "dumped")
        assert event["MESSAGE"].endswith(f'; what is kept of its core shows "coredumpctl info {given_up}"')


def test_an_administrator_finds_the_core_by_what_the_journal_says(machine, given_up):
    stored_core(machine, given_up)
    story = machine.run(["journalctl", "--catalog", "--no-pager", f"--unit={scope('crashing')}"]).stdout
    print(story)
    assert "I am about to crash" in story and f"coredumpctl info {given_up}" in story
    assert "Zeek node crashing failed and was given up" in story and "COREDUMP_PID=" in story

    info = machine.run(["coredumpctl", "--no-pager", "info", str(given_up)]).stdout
    print(info)
    assert scope("crashing") in info and "(present)" in info


def test_status_says_that_there_is_a_core(machine, given_up):
    node = machine.status("crashing")["crashing"]
    assert (node["exit_code"], node["exit_status"]) == (CLD_DUMPED, 6)
    text = Zsupctl(machine)("status", "crashing", status=NOT_RUNNING)
    print(text)
    assert "SIGABRT" in text and "core" in text

