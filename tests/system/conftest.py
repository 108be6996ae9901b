# SPDX-License-Identifier: BSD-3-Clause
"""System tests run in labs (tests/lab): a fresh one for each test module and base.

A module may say how its lab is to be made before it boots:

    LAB = {"bus": "daemon"}            # further arguments of Lab()

    def prepare(lab):                  # called before the boot
        lab.write("/etc/zeek-supervisor/supervisor.conf", ...)
"""

import contextlib
import re
from pathlib import Path

import pytest

import bases
from lab import Lab
from machine import Machine
from nodes import STAY, Story, remove_directories
from traces import expect_traces, traces

HOST_NAME_MAX = 64  # Linux's


def pytest_addoption(parser):
    group = parser.getgroup("lab")
    group.addoption("--base", action="append", choices=bases.NAMES, help="system to test on (repeatable; default: host)")
    group.addoption("--stage", type=Path, help="what to test: a tree made by `meson install --destdir`")
    group.addoption("--packages", type=Path, help="the same as Debian packages, made by tests/package/build-packages")
    group.addoption("--rounds", type=int, default=20, help="of the fault injector (default: %(default)s)")
    group.addoption("--seed", type=int, default=1, help="of the fault injector (default: %(default)s)")
    group.addoption("--sanitizers", action="store_true", help="it was built with sanitizers")


def pytest_generate_tests(metafunc):
    if "base" in metafunc.fixturenames:
        metafunc.parametrize("base", metafunc.config.getoption("base") or [bases.HOST], scope="module")


@pytest.fixture(scope="module")
def lab(request, base):
    """A running machine, with the stage on it if there is one."""
    with new_lab(request, base, **getattr(request.module, "LAB", {})) as lab:
        getattr(request.module, "prepare", lambda lab: None)(lab)
        lab.boot()
        yield lab


@pytest.fixture
def lab_with(request, base):
    """Makes and boots further machines, with other arguments, for one test."""
    with contextlib.ExitStack() as labs:

        def make(**arguments):
            lab = labs.enter_context(new_lab(request, base, **arguments))
            lab.boot()
            return lab

        yield make


def new_lab(request, base, **arguments):
    arguments = {option: request.config.getoption(option) for option in ("stage", "sanitizers")} | arguments
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{request.node.name}-{base}".removesuffix(".py"))
    name = name[-HOST_NAME_MAX:].strip("-")
    return Lab(name, base, **arguments)


@pytest.fixture(scope="module")
def machine_of_module(request, lab):
    if not request.config.getoption("stage"):
        pytest.fail("a test of the supervisor needs --stage")
    machine = Machine(lab)
    yield machine
    machine.stop_daemons()
    complain(machine)


@pytest.fixture
def machine(machine_of_module):
    """A machine with the supervisor installed; a test fails when a daemon has anything to complain about after it."""
    yield machine_of_module
    complain(machine_of_module)


@pytest.fixture(scope="module")
def traces_of_module(machine_of_module):
    machine = machine_of_module
    machine.create("first", env=STAY)  # what the daemons make once, they keep, such as a timer's descriptor
    machine.call("Destroy", "s", "first")
    remove_directories(machine)
    return traces(machine)


@pytest.fixture
def tidy(machine, traces_of_module):
    """All nodes are destroyed after the test, and leave nothing of theirs but their working directories."""
    yield
    machine.call("Destroy", "s", "")
    remove_directories(machine)
    expect_traces(machine, traces_of_module)


@pytest.fixture
def cleared(machine):
    """All nodes are destroyed after the test. For tests that may leave more than nodes; else there is tidy."""
    yield
    machine.call("Destroy", "s", "")
    remove_directories(machine)


@pytest.fixture
def story(machine):
    """The signals of the supervisor during the test."""
    with Story(machine) as story:
        yield story


def complain(machine):
    problems = machine.problems()
    if problems:
        pytest.fail("unexpected:\n" + "\n".join(problems), pytrace=False)
