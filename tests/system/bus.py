# SPDX-License-Identifier: BSD-3-Clause
"""A bus of a lab as busctl sees it: calls, properties, and the signals that pass."""

import json
import os
import re
import signal
import subprocess
import threading
from typing import NamedTuple

import dbus_types

SERVICE = "org.zeek.Supervisor"
MANAGER_PATH = "/org/zeek/Supervisor"
MANAGER = "org.zeek.Supervisor"
NODE = "org.zeek.Supervisor.Node"

# busctl tells neither the name of an error nor from when on it monitors; its debug log has both
DEBUG = ["env", "SYSTEMD_LOG_LEVEL=debug"]
BECOME_MONITOR = re.compile(r"^Sent message .* member=BecomeMonitor cookie=(\d+) ")
ERROR = re.compile(r"^Got message type=error .* error-name=(\S+) error-message=(.*?)(?=^Got message|^Call failed:)", re.M | re.S)


class BusError(Exception):
    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Signal(NamedTuple):
    path: str
    interface: str
    member: str
    arguments: list


class Bus:
    """The system bus, used by root or another user; or a user's own bus."""

    def __init__(self, lab, user=None, of_user=False):
        self.lab = lab
        self.user = user
        self.busctl = ["busctl", "--user" if of_user else "--system", "--json=short"]

    def call(self, member, signature="", *values, **options):
        """The value of the reply: None, a single one, or a list of several. See start_call() for the options."""
        return self.start_call(member, signature, *values, **options).result()

    def start_call(self, member, signature="", *values, service=SERVICE, path=MANAGER_PATH, interface=MANAGER, timeout=90):
        """The same without waiting for the reply: that is what result() of what is returned does."""
        words = dbus_types.to_words(signature, values)
        call = [*self.busctl, f"--timeout={timeout}", "--", "call", service, path, interface, member, signature, *words]
        return Call(self.lab.popen([*DEBUG, *call], self.user, **PIPES))

    def get(self, name, path=MANAGER_PATH, interface=MANAGER, service=SERVICE):
        return self.call("Get", "ss", interface, name, service=service, path=path, interface=PROPERTIES)

    def get_all(self, path=MANAGER_PATH, interface=MANAGER, service=SERVICE):
        return self.call("GetAll", "s", interface, service=service, path=path, interface=PROPERTIES)

    def signals(self, *rules):
        """A context in which signals are gathered: those of the supervisor, or what the match rules say."""
        return self._gather("signal", rules or (f"type='signal',path_namespace='{MANAGER_PATH}'",))

    def calls(self, *rules):
        """A context in which calls are gathered that anybody makes."""
        return self._gather("method_call", rules)

    def _gather(self, kind, rules):
        monitor = [*self.busctl, *(f"--match={rule}" for rule in rules), "--", "monitor"]
        return Signals(self.lab.popen([*DEBUG, *monitor], self.user, **PIPES | {"stderr": subprocess.STDOUT}), kind)


PIPES = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
PROPERTIES = "org.freedesktop.DBus.Properties"


class Call:
    def __init__(self, process):
        self.process = process

    def done(self):
        return self.process.poll() is not None

    def result(self):
        output, log = self.process.communicate()
        if self.process.returncode != 0:
            error = ERROR.search(log)
            raise BusError(*(text.strip() for text in error.groups())) if error else RuntimeError(log)
        values = dbus_types.all_from_json(json.loads(output)) if output.strip() else []
        return values if len(values) > 1 else values[0] if values else None


class Signals:
    """Signals, or calls, as they come in: a list to look at, and a way to wait for one."""

    def __init__(self, monitor, kind):
        self.monitor = monitor
        self.kind = kind
        self.seen = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._wait_for_reply_to(BECOME_MONITOR)
        self.reader.start()
        return self

    def _wait_for_reply_to(self, request):
        reply, log = None, []
        for line in self.monitor.stdout:
            log.append(line)
            if sent := request.match(line):
                reply = f" reply_cookie={sent[1]} "
            elif reply and reply in line:
                return
        raise RuntimeError("busctl monitor failed:\n" + "".join(log))

    def __exit__(self, *_):
        os.killpg(self.monitor.pid, signal.SIGKILL)
        self.monitor.wait()
        self.reader.join()
        self.monitor.stdout.close()

    def _read(self):
        for line in self.monitor.stdout:
            message = json.loads(line) if line.startswith("{") else {}
            if message.get("type") != self.kind:
                continue
            values = dbus_types.all_from_json(message["payload"])
            with self.news:
                self.seen.append(Signal(message["path"], message["interface"], message["member"], values))
                self.news.notify_all()

    def named(self, member):
        return [each for each in list(self.seen) if each.member == member]

    def wait_for(self, member, *arguments, timeout=10):
        """The first signal of that name whose arguments begin with these, seen already or still to come."""

        def found():
            return next((s for s in self.named(member) if s.arguments[: len(arguments)] == list(arguments)), None)

        return self.wait_until(found, timeout, f"a signal {member}{arguments}")

    def wait_until(self, found, timeout=10, what=None):
        """What the function returns once that is true; it is asked again after each signal."""
        result = None

        def ask():
            nonlocal result
            result = found()
            return result

        with self.news:
            if not self.news.wait_for(ask, timeout):
                raise TimeoutError(f"waited {timeout} s for {what or found}; seen: {self.seen}")
        return result


def node_path(name):
    """The object of a node: what is no letter or digit is escaped, as sd_bus_path_encode(3) does it."""
    def escape(index, byte):
        character = chr(byte)
        plain = character.isascii() and character.isalnum() and not (index == 0 and character.isdigit())
        return character if plain else f"_{byte:02x}"

    return f"{MANAGER_PATH}/node/" + "".join(escape(index, byte) for index, byte in enumerate(name.encode()))
