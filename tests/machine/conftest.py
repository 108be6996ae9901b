# SPDX-License-Identifier: BSD-3-Clause
"""These tests run inside of the machine that `run` boots: they would do to yours what they do to it."""

import pytest

from here import Here
from machine import Machine
from nodes import remove_directories


@pytest.fixture(scope="session")
def machine_of_session():
    machine = Machine(Here())
    yield machine
    machine.stop_daemons()


@pytest.fixture
def machine(machine_of_session):
    """A machine with the supervisor installed; its nodes go with the test, and the daemons must have no complaints."""
    machine = machine_of_session
    yield machine
    machine.call("Destroy", "s", "")
    remove_directories(machine)
    problems = machine.problems()
    if problems:
        pytest.fail("unexpected:\n" + "\n".join(problems), pytrace=False)
