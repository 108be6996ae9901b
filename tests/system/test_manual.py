# SPDX-License-Identifier: BSD-3-Clause
"""What manual pages tell their reader to do works as it stands there, and the pages are found."""

import shutil

import pytest
from documents import ROOT, run_blocks
from nodes import remove_directories

PAGES = sorted(page.relative_to(ROOT).as_posix() for page in ROOT.glob("man/*.rst"))


@pytest.fixture
def site(machine):
    """A machine on which an administrator may do what he likes; it is put in order behind him."""
    kept = ["/etc/zeek-supervisor", "/etc/systemd/system"]
    for directory in kept:
        machine.run(["cp", "-a", directory, f"/tmp/{directory.replace('/', '_')}"])
    yield machine
    machine.call("Destroy", "s", "")
    machine.run(["systemctl", "revert", "zeek-workers.slice"])
    for directory in kept:
        shutil.rmtree(machine.lab.path(directory))
        machine.run(["mv", f"/tmp/{directory.replace('/', '_')}", directory])
    machine.run("systemctl daemon-reload && systemctl restart zeek-stem && systemctl reload zeek-supervisor")
    remove_directories(machine)


def test_there_are_pages():
    assert len(PAGES) >= 5


@pytest.mark.parametrize("page", PAGES)
def test_its_examples_work(site, page):
    assert run_blocks(site, page)


@pytest.mark.parametrize("page", PAGES)
def test_it_is_installed(machine, page):
    name, section = page.removeprefix("man/").removesuffix(".rst").rsplit(".", 1)
    assert f"/man{section}/{name}.{section}" in machine.run(["man", "-w", section, name]).stdout
