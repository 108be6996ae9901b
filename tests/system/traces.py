# SPDX-License-Identifier: BSD-3-Clause
"""What a supervisor leaves to be seen of its nodes, and the proof that a request left nothing."""

import contextlib
import os
import time

PLACES = ["/run/zeek-supervisor", "/var/lib/zeek-supervisor"]
SHARED = ["nodes", "layouts"]

LOOK = """
set -- $(systemctl show -P MainPID zeek-supervisor zeek-stem)
echo $1 $(ls /proc/$1/fd | wc -l) $2 $(ps --ppid $2 -o comm= | grep -vc ^zeek-forker)
systemctl list-units --all --plain --no-legend 'zeek-node-*'
"""


def traces(machine):
    daemons, *units = machine.run(LOOK).stdout.splitlines()
    supervisor, descriptors, stem, children = map(int, daemons.split())
    return {
        "pid of the supervisor": supervisor,
        "descriptors of the supervisor": descriptors,
        "pid of the stem": stem,
        "processes of the stem": children,
        "scopes": units,
        "nodes": sorted(machine.status()),
        "files": sorted(path for place in PLACES for path in files_below(machine, place)),
    }


def files_below(machine, place):
    """All files, and the directories but those that the supervisor has for all of its nodes."""
    top = machine.lab.path(place)
    for directory, directories, files in os.walk(top):
        for name in files + directories:
            path = os.path.relpath(os.path.join(directory, name), top)
            if path not in SHARED:
                yield os.path.join(place, path)


def expect_traces(machine, before, timeout=5):
    """Everything is as it was before, or is so soon: the last of a request is put away after its answer."""
    deadline = time.monotonic() + timeout
    while (after := traces(machine)) != before:
        changed = {what: (before[what], after[what]) for what in before if before[what] != after[what]}
        assert time.monotonic() < deadline, f"left behind, before and after: {changed}"


class Traces:
    """What there was to be seen at one time, for many tests that leave nothing."""

    def __init__(self, machine):
        self.machine = machine
        self.before = traces(machine)

    def expect_none_since(self):
        try:
            expect_traces(self.machine, self.before)
        except AssertionError:
            self.machine.call("Destroy", "s", "")
            self.before = traces(self.machine)  # the next test has its own to answer for
            raise


@contextlib.contextmanager
def nothing_left(machine):
    """A context after which everything has to be as it was before."""
    before = traces(machine)
    yield
    expect_traces(machine, before)
