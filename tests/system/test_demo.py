# SPDX-License-Identifier: BSD-3-Clause
"""The demo, when it has been built: as root sees it, in a machine with the stage on it; and as a user sees it who has
nothing but the stage and a service manager of his own."""

import pytest
from documents import ROOT

USER = "ada"
END = "All of it was as it should be.\n"

TREE, TESTS = "/srv/tree", "/srv/tests"


@pytest.fixture
def stage(pytestconfig):
    return pytestconfig.getoption("stage").resolve()


def show(lab, *command, user=None):
    """Everything that it shows, which tells where it stopped."""
    result = lab.run([*command], user, check=False, timeout=120)
    assert result.returncode == 0 and result.stdout.endswith(END), result.stdout + result.stderr
    return result.stdout


def test_root_sees_all_of_it(lab_with):
    lab = lab_with(bus="daemon", binds=[(ROOT / "tests", TESTS)])
    lab.write("/etc/zeek-supervisor/supervisor.conf.d/demo.conf", "[Zeek]\nEnvironment=ZEEK_STANDIN=connections\n")  # as ./demo
    text = show(lab, f"{TESTS}/lab/demo-cluster")
    assert "# zsupctl list\n" in text and "zeek_supervisor_nodes" in text


def test_a_user_sees_it_without_root_and_keeps_nothing(lab_with, stage):
    lab = lab_with(bus="daemon", stage=None, binds=[(stage, TREE), (ROOT / "tests", TESTS)])
    lab.add_user(USER)
    lab.start_user_manager(USER)
    files = ["find", f"/home/{USER}", f"/run/user/{lab.uid(USER)}/systemd/user", "/tmp"]
    before = lab.run(files, check=False).stdout

    text = show(lab, f"{TESTS}/lab/demo-user", TREE, f"{TREE}/opt/zeek/bin/zeek", f"{TESTS}/captures/mixed.pcap", user=USER)
    assert "$ zsupctl --user list\n" in text
    assert lab.run(["systemctl", "--user", "list-units", "--all", "--plain", "--no-legend", "zeek-*"], USER).stdout == ""
    assert lab.run(files, check=False).stdout == before
