# SPDX-License-Identifier: BSD-3-Clause
"""Mounts that only this process and its children see.

The kernel takes them down with the last of these processes, so that not even a SIGKILL leaves a mount behind.
"""

import contextlib
import ctypes
import functools
import os
import subprocess
from pathlib import Path

CLONE_NEWNS = 0x00020000


@functools.cache
def workshop():
    """The directory in which this process keeps its labs: a tmpfs that nobody else sees."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) < 0:
        raise PermissionError(f"a lab needs root: {os.strerror(ctypes.get_errno())}")
    mount("--make-rprivate", "/")

    directory = Path("/run/zeek-supervisor-lab")
    tmpfs(directory)
    tmpfs(Path("/run/systemd/nspawn"))  # nspawn leaves traces of each machine there
    return directory


@contextlib.contextmanager
def overlay(lower, directory):
    """A copy of the tree lower; what is changed in it stays in memory, in the new directory that it lies in.

    (An upper layer on the disk of the lower one would be asking for trouble when lower is "/".)
    """
    tmpfs(directory)
    try:
        root, upper, work = directory / "root", directory / "upper", directory / "work"
        for each in root, upper, work:
            each.mkdir()
        mount("-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", root)
        yield root
    finally:
        # lazily, for somebody may still have a file of it open; it goes with the last one
        subprocess.run(["umount", "--recursive", "--lazy", str(directory)], check=True)
        directory.rmdir()


def tmpfs(directory):
    directory.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=0755", "zeek-supervisor-lab", directory)


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)
