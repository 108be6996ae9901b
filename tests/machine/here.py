# SPDX-License-Identifier: BSD-3-Clause
"""The machine that we run on, in the place of a lab."""

from pathlib import Path
from types import SimpleNamespace

from lab import PATH, Lab

# Every instruction is emulated, while others use the same processors.
SLOWNESS = 10


class Here(Lab):
    def __init__(self):
        self.sanitizers = False
        self.environment = {"PATH": PATH, "LANG": "C.UTF-8"}
        self.container = SimpleNamespace(enter=lambda command: command)

    def close(self):
        pass

    def path(self, inside):
        return Path("/", inside.lstrip("/"))

    def run(self, command, user=None, check=True, input=None, timeout=60):
        return super().run(command, user, check, input, timeout * SLOWNESS)

    def wait_for(self, predicate, timeout=10, what=None):
        return super().wait_for(predicate, timeout * SLOWNESS, what)
