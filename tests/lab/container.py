# SPDX-License-Identifier: BSD-3-Clause
"""A systemd-nspawn container that boots a root file system, and ends whatever happens to us."""

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path


class BootFailure(Exception):
    pass


class Container:
    """The process tree is

        unshare                 dies with us (setpriv --pdeathsig)
        `- systemd-nspawn       dies with unshare; first process of a PID namespace, so all below die with it
           `- systemd           the leader: the init of the container

    because nspawn, when it is killed, leaves its container running.
    """

    def __init__(self, root, name, group, options=()):
        self.root = root
        self.name = name
        self.group = group
        self.options = options
        self.console = root.parent / "console"
        self.process = None
        self.leader = None  # its pid as we see it

    def boot(self, timeout):
        address = self.root.parent / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(address))
            self._start(address)
            self._wait_until_ready(notify, time.monotonic() + timeout)
        self.leader = first_child(first_child(self.process.pid))

    def _start(self, notify_address):
        die_with_us = ["setpriv", "--pdeathsig", "KILL"]
        own_processes = ["unshare", "--mount-proc", "--pid", "--fork", "--kill-child=KILL"]
        nspawn = [
            "systemd-nspawn",
            "--boot",
            "--quiet",
            f"--directory={self.root}",
            f"--machine={self.name}",
            "--register=no",
            "--keep-unit",
            "--private-network",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--settings=no",
            "--notify-ready=yes",
            "--console=pipe",
            *self.options,
        ]
        environment = dict(os.environ, NOTIFY_SOCKET=str(notify_address), SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                joining(self.group, die_with_us + own_processes + nspawn),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,  # Ctrl-C is for us; we end the container in our own way
            )

    def _wait_until_ready(self, notify, deadline):
        end = os.pidfd_open(self.process.pid)
        try:
            poll = select.poll()
            poll.register(notify, select.POLLIN)
            poll.register(end, select.POLLIN)
            while True:
                left = deadline - time.monotonic()
                events = dict(poll.poll(max(left, 0) * 1000))
                if notify.fileno() in events:
                    if b"READY=1" in notify.recv(65536).split(b"\n"):
                        return
                elif end in events:
                    raise BootFailure(f"systemd-nspawn ended with status {self.process.wait()}")
                elif left <= 0:
                    raise BootFailure("the machine did not come up in time")
        finally:
            os.close(end)

    def enter(self, command):
        """A command line that runs another one inside, as root and in a control group that no unit has."""
        # its namespaces imply its root and working directory, unless we are in a chroot ourselves
        namespaces = ["nsenter", f"--target={self.leader}", "--all", "--root", "--wd"]
        return joining(self.group / "payload" / "lab.scope", namespaces + command)

    def end(self):
        if not self.process:
            return
        if self.process.poll() is None:
            nspawn = first_child(self.process.pid)
            os.kill(nspawn or self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


def joining(group, command):
    """A command line that runs another one as a member of a control group."""
    group.mkdir(exist_ok=True)
    return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(group / "cgroup.procs"), *command]


def first_child(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None
