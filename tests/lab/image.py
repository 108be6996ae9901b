# SPDX-License-Identifier: BSD-3-Clause
"""Turns the root file system of some machine into that of a lab: what was that machine's own is left out."""

import os
import shutil
import uuid

BUSES = {"broker": "/usr/lib/systemd/system/dbus-broker.service", "daemon": None}

MASKED_UNITS = [
    # nobody logs in
    "getty.target",
    "console-getty.service",
    # they wait for hardware or write to it
    "systemd-pcrphase.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-pstore.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
]


def prepare(root, name, bus):
    write(root / "etc/machine-id", uuid.uuid4().hex + "\n")  # nspawn refuses to run two machines of one id
    write(root / "etc/hostname", name + "\n")
    write(root / "etc/fstab", "")
    (root / "var/log/journal").mkdir(exist_ok=True)  # it outlives the machine then, and each user gets an own file
    forget_enabled_units(root)
    select_bus(root, bus)
    for unit in MASKED_UNITS:
        link(root / "etc/systemd/system" / unit, "/dev/null")
    # else the units with ConditionNeedsUpdate= take the machine for one that was just upgraded
    for directory in "etc", "var":
        (root / directory / ".updated").touch()


def forget_enabled_units(root):
    """Only what the distribution itself wants in every machine is to start."""
    for manager in "system", "user":
        for directory in (root / "etc/systemd" / manager).iterdir():
            if directory.suffix in (".wants", ".requires"):
                shutil.rmtree(directory)
    link(root / "etc/systemd/system-generators/systemd-sysv-generator", "/dev/null")


def select_bus(root, bus):
    """Both implementations go by the name dbus.service; that of the reference implementation is it by default."""
    unit = BUSES[bus]
    for manager in "system", "user":
        alias = root / "etc/systemd" / manager / "dbus.service"
        alias.unlink(missing_ok=True)
        if unit:
            link(alias, unit.replace("/system/", f"/{manager}/"))


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a link that leads out of the tree
    path.write_text(text)
    path.chmod(mode)


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.symlink(target, path)
