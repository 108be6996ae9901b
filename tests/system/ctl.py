# SPDX-License-Identifier: BSD-3-Clause
"""zsupctl in a lab, off a terminal and on one."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import termios
import time

DONE, FAILED, USAGE, NOT_RUNNING, NO_SUCH, DENIED, UNREACHABLE = range(7)

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Zsupctl:
    """Runs zsupctl, of a user if there is one, with these options first."""

    def __init__(self, machine, *options, user=None):
        self.machine = machine
        self.options = options
        self.user = user

    def command(self, *arguments):
        return ["zsupctl", *self.options, *arguments]

    def __call__(self, *arguments, status=DONE, input=None):
        """What it prints on stdout; it has to end with this status."""
        result = self.run(*arguments, input=input)
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        return result.stdout

    def run(self, *arguments, input=None):
        return self.machine.run(self.command(*arguments), self.user, check=False, input=input)

    def json(self, *arguments, **options):
        return json.loads(self(*arguments, "--json=short", **options))

    def errors(self, *arguments, status, input=None):
        """The lines on stderr of what fails with this status."""
        result = self.run(*arguments, input=input)
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        return result.stderr.splitlines()


class Terminal:
    """A command on a terminal of its own; what it shows is in text."""

    def __init__(self, machine, command, user=None, columns=80, rows=24, **environment):
        self.text = ""
        self.machine = machine
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (rows, columns))
        command = [*(f"{name}={value}" for name, value in {"TERM": "xterm", **environment}.items()), *command]
        self.process = machine.popen(
            ["setsid", "--wait", "--ctty", "env", *command], user, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self.master)
        self.process.wait()

    def type(self, text):
        os.write(self.master, text.encode())

    def resize(self, columns, rows=24):
        termios.tcsetwinsize(self.master, (rows, columns))

    def read(self, timeout):
        """More of what it shows; False when it has come to its end."""
        if not select.select([self.master], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody is at the other end any more
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern, timeout=20):
        """Until what it shows, without colours, has this; a regular expression. Its match."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.plain())):
            if not self.read(max(deadline - time.monotonic(), 0)):
                break
            assert time.monotonic() < deadline, f"waited for {pattern}, saw {self.text!r}"
        match = re.search(pattern, self.plain())
        assert match, f"it ended without {pattern}: {self.text!r}"
        return match

    def forget(self):
        self.text = ""

    def end(self, timeout=20):
        """Waits for its end, and returns its status."""
        deadline = time.monotonic() + timeout
        while self.read(max(deadline - time.monotonic(), 0)):
            assert time.monotonic() < deadline, f"still there: {self.text!r}"
        return self.process.wait(timeout)

    def plain(self):
        return ESCAPES.sub("", self.text).replace("\r\n", "\n")

    def lines(self):
        return self.plain().splitlines()
