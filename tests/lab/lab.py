# SPDX-License-Identifier: BSD-3-Clause
"""A machine of one's own with a real systemd, in half a second.

    with Lab("example", base="trixie", stage="build/gcc/stage") as lab:
        lab.write("/etc/zeek-supervisor/supervisor.conf", "[Supervisor]\\nMaxNodes=3\\n")
        lab.boot()
        lab.run("systemctl start zeek-supervisor")

It is a container over a copy-on-write view of this machine's own root, or of that of a newer Debian. It has no network
but its own loopback interface and no controllers in its control groups: limits are accepted, and not enforced. It
needs root, leaves nothing behind however its maker ends, and many may run at once.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import bases
import cgroup
import image
import mounts
import sanitizers as sanitizer_setup
from container import BootFailure, Container

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandFailure(Exception):
    def __init__(self, command, result):
        super().__init__(f"{command} ended with status {result.returncode}\n{result.stdout}{result.stderr}")
        self.result = result


class Lab:
    def __init__(self, name, base=bases.HOST, bus="broker", stage=None, sanitizers=False, binds=()):
        """stage: a tree to lay over the system, as `meson install --destdir` makes it.
        sanitizers: it was built with them.
        binds: directories of this machine, as (here, there), to be seen inside for reading.
        """
        self.sanitizers = sanitizers
        self.environment = {"PATH": PATH, "LANG": "C.UTF-8"}
        with contextlib.ExitStack() as resources:
            lower = resources.enter_context(bases.base(base))
            self.root = resources.enter_context(mounts.overlay(lower, mounts.workshop() / name))
            group = resources.enter_context(cgroup.control_group(name))
            options = [f"--bind-ro={here}:{there}" for here, there in binds]
            self.container = Container(self.root, name, group, options)
            resources.callback(self.container.end)

            image.prepare(self.root, name, bus)
            if stage:
                self.install(Path(stage))
            if sanitizers:
                self.environment |= sanitizer_setup.ENVIRONMENT
                sanitizer_setup.prepare(self)
            self._resources = resources.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._resources.close()

    # Files

    def path(self, inside):
        """Where a file of the lab is to be found from here. (An absolute link on the way leads to this machine's.)"""
        leader = self.container.leader
        root = Path(f"/proc/{leader}/root") if leader else self.root  # the former has /run and /tmp too
        return root / inside.lstrip("/")

    def write(self, inside, text, mode=0o644):
        image.write(self.path(inside), text, mode)

    def drop_in(self, unit, text, name="lab", manager="system"):
        self.write(f"/etc/systemd/{manager}/{unit}.d/{name}.conf", text)

    def install(self, tree):
        """Lays a tree over the system. (tar, for it does not put a directory where the system has a link to one.)"""
        with subprocess.Popen(["tar", "-C", str(tree), "-c", "."], stdout=subprocess.PIPE) as pack:
            unpack = ["tar", "-C", str(self.root), "-x", "--keep-directory-symlink", "--no-overwrite-dir"]
            subprocess.run(unpack, stdin=pack.stdout, check=True)
        subprocess.run(["chroot", str(self.root), "systemd-sysusers"], check=True, capture_output=True)

    # Life

    def boot(self, timeout=60):
        """Returns when the machine is up: everything it starts by itself has started, or failed."""
        try:
            self.container.boot(timeout)
        except BootFailure as failure:
            console = self.container.console.read_text(errors="replace")
            raise BootFailure(f"{failure}\n-- console\n{console[-4000:]}\n-- journal\n{self.journal_tail()}") from None

    def journal_tail(self, lines=100):
        """The last lines of the journal, read from here: it needs no running machine."""
        journal = ["journalctl", "--no-pager", "--quiet", f"--lines={lines}", f"--directory={self.root}/var/log/journal"]
        return subprocess.run(journal, capture_output=True, text=True, errors="replace").stdout

    # Commands

    def popen(self, command, user=None, **options):
        """Starts a command inside: a list, or a string for the shell. The process is the leader of its own group."""
        if isinstance(command, str):
            command = ["sh", "-c", command]
        if user:
            command = self._as_user(user, list(command))
        options = {"start_new_session": True, "text": True, "errors": "replace", "env": self.environment} | options
        return subprocess.Popen(self.container.enter(list(command)), **options)

    def run(self, command, user=None, check=True, input=None, timeout=60):
        """Runs a command inside to its end and returns the subprocess.CompletedProcess."""
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with self.popen(command, user, **pipes) as process:
            try:
                output, errors = process.communicate(input, timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # the shell, and the command itself beyond the namespaces
                raise
        result = subprocess.CompletedProcess(command, process.returncode, output, errors)
        if check and result.returncode != 0:
            raise CommandFailure(command, result)
        return result

    def wait_for(self, predicate, timeout=10, what=None):
        """Polls, for what no event tells of. Returns what the predicate returned when it came true."""
        deadline = time.monotonic() + timeout
        while not (result := predicate()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout} s for {what or predicate}")
            time.sleep(0.02)
        return result

    # Users

    def add_user(self, name):
        """An ordinary user, with a home directory."""
        self.run(["useradd", "--create-home", "--shell", "/bin/bash", name])

    def start_user_manager(self, name):
        """Has `systemd --user` of that user run, with a bus and without a login; returns when it is up."""
        self.run(["loginctl", "enable-linger", name])
        self.run(["systemctl", "start", f"user@{self.uid(name)}.service"])

    def uid(self, name):
        for line in self.path("/etc/passwd").read_text().splitlines():
            user, _, uid, *_ = line.split(":")
            if user == name:
                return int(uid)
        raise KeyError(f"no user {name}")

    def _as_user(self, name, command):
        runtime = f"/run/user/{self.uid(name)}"
        session = {"XDG_RUNTIME_DIR": runtime, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus"}
        environment = [f"{key}={value}" for key, value in (self.environment | session).items()]
        switch = ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "--reset-env"]
        return [*switch, "env", *environment, *command]
