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
    for parent in parents():
        sweep(parent)

    group = parents()[0] / f"{os.getpid()}-{name}"
    group.mkdir(parents=True)
    try:
        yield group
    finally:
        for parent in parents():
            remove(parent / group.name)


def parents():
    """The directory of all labs in the version 2 hierarchy, and in systemd's own of version 1: on a hybrid machine
    systemd-nspawn mirrors the groups there."""
    hierarchies = [line.split()[1:4] for line in Path("/proc/self/mounts").read_text().splitlines()]
    version_2 = [where for where, kind, _ in hierarchies if kind == "cgroup2"]
    mirrors = [where for where, kind, options in hierarchies if kind == "cgroup" and "name=systemd" in options.split(",")]
    if not version_2:
        raise RuntimeError("no cgroup v2 hierarchy is mounted on this machine")
    return [Path(where, "zeek-supervisor-lab") for where in version_2[:1] + mirrors]


def sweep(parent):
    """Removes the groups of processes that were killed and had no time for it."""
    for group in parent.glob("*-*"):
        owner = group.name.partition("-")[0]
        if group.is_dir() and not Path("/proc", owner).exists():
            remove(group)


def remove(group):
    for directory, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(FileNotFoundError):  # several may be sweeping
            os.rmdir(directory)
