# SPDX-License-Identifier: BSD-3-Clause
"""Shared libraries for programs that were linked on this machine and run on a newer system.

That one may only have a version with another name (libini_config.so.5 became .so.8 within two releases of Debian);
then ours comes along.
"""

import shutil
import subprocess
from pathlib import Path


def bring_missing(root, tree):
    """Copies into root what the programs of tree, which was laid over root, do not find there."""
    programs = [f"/{path.relative_to(tree)}" for path in tree.rglob("*") if is_program(path)]
    while missing := missing_libraries(root, programs):
        for name in missing:
            library = libraries_here()[name]
            shutil.copy(library, root / "usr/lib" / name)
            programs.append(f"/usr/lib/{name}")  # it may miss others in its turn


def is_program(path):
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def missing_libraries(root, programs):
    if not programs:
        return set()
    output = subprocess.run(["chroot", str(root), "ldd", *programs], capture_output=True, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if line.endswith("=> not found")}


def libraries_here():
    output = subprocess.run(["ldconfig", "--print-cache"], check=True, capture_output=True, text=True).stdout
    entries = [line.split() for line in output.splitlines() if "=>" in line]
    return {entry[0]: Path(entry[-1]) for entry in reversed(entries)}  # ldconfig puts the preferred one first
