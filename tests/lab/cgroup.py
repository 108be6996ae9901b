# SPDX-License-Identifier: BSD-3-Clause
"""A control group for each lab.

Containers that share one also share the groups of their units: a unit killed in one is then killed in all.
"""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def control_group(name):
    """The directory of a new group. Its members must have ended when the context ends."""
    parent = version_2_hierarchy() / "zeek-supervisor-lab"
    parent.mkdir(exist_ok=True)
    sweep(parent)

    group = parent / f"{os.getpid()}-{name}"
    group.mkdir()
    try:
        yield group
    finally:
        remove(group)


def version_2_hierarchy():
    """Where it is mounted; on a hybrid machine that is beside those of version 1."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise RuntimeError("no cgroup v2 hierarchy is mounted on this machine")


def sweep(parent):
    """Removes the groups of processes that were killed and had no time for it."""
    for group in parent.iterdir():
        owner = group.name.partition("-")[0]
        if group.is_dir() and not Path("/proc", owner).exists():
            remove(group)


def remove(group):
    for directory, _, _ in os.walk(group, topdown=False):
        os.rmdir(directory)
