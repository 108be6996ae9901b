# SPDX-License-Identifier: BSD-3-Clause
"""A lab with the supervisor installed, in the words that a test of it wants."""

import re

import journal
import sanitizers
from bus import Bus, node_path

DAEMONS = ["zeek-supervisor.service", "zeek-stem.service"]
SOCKET = "zeek-stem.socket"

# systemd: "UNIT: Failed with result 'RESULT'." (SD_MESSAGE_UNIT_FAILURE_RESULT)
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"


class Machine:
    def __init__(self, lab):
        self.lab = lab
        self.bus = Bus(lab)
        self.run = lab.run
        self.popen = lab.popen
        self.wait_for = lab.wait_for
        self._expected = []
        self._last_complaint = None
        self._reports_seen = []

    # The supervisor on the bus

    def call(self, member, signature="", *values, **options):
        return self.bus.call(member, signature, *values, **options)

    def create(self, name, **config):
        return self.call("Create", "a{sv}", {"name": name, **config})

    def status(self, name=""):
        return self.call("Status", "s", name)

    def node(self, name):
        """All properties of a node's object."""
        return self.bus.get_all(path=node_path(name), interface="org.zeek.Supervisor.Node")

    def signals(self, *rules):
        return self.bus.signals(*rules)

    def as_user(self, user):
        """The system bus, used by somebody without privileges."""
        return Bus(self.lab, user)

    def bus_of(self, user):
        """The bus of a user who has a manager, for the supervisor in user mode."""
        return Bus(self.lab, user, of_user=True)

    # systemd

    def show(self, unit, user=None):
        manager = ["--user"] if user else []
        output = self.run(["systemctl", *manager, "show", unit], user=user).stdout
        return {name: value for name, _, value in (line.partition("=") for line in output.splitlines())}

    def main_pid(self, unit):
        """The main process of a service; 0: there is none."""
        return int(self.show(unit)["MainPID"])

    def scopes(self, user=None, of="node"):
        """The names of the scopes that systemd knows of: those of nodes, or of the programs of hooks ("hook")."""
        manager = ["--user"] if user else []
        listing = ["systemctl", *manager, "list-units", "--all", "--plain", "--no-legend", f"zeek-{of}-*.scope"]
        return sorted(line.split()[0] for line in self.run(listing, user=user).stdout.splitlines())

    def processes(self, group):
        """The processes of a control group. (Read inside: who reads sees them by the numbers of his own namespace.)"""
        file = f"/sys/fs/cgroup/{group}/cgroup.procs"
        return [int(pid) for pid in self.run(["cat", file], check=False).stdout.split()]

    def journal(self, *matches, **options):
        return journal.entries(self.lab, *matches, **options)

    def output(self, node, stream="stdout"):
        """The lines that a node has printed."""
        return [entry["MESSAGE"] for entry in self.journal(f"ZEEK_NODE={node}", f"ZEEK_STREAM={stream}")]

    # What must not happen

    def expect(self, pattern):
        """A problem that the present test provokes: a regular expression for the text that problems() has of it."""
        self._expected.append(re.compile(pattern))

    def problems(self):
        """What went wrong since this was asked last and was not expected; what is expected is forgotten then."""
        complaints, reports = self._complaints(), self._sanitizer_reports()
        expected, self._expected = self._expected, []

        def unexpected(text):
            return not any(pattern.search(text) for pattern in expected)

        return [*(text + self._history(entry) for text, entry in complaints if unexpected(text)),
                *filter(unexpected, reports)]

    def _complaints(self):
        """Of the daemons about themselves (what nodes print, they only pass on), and of systemd about them."""
        errors = [f"PRIORITY={priority}" for priority in range(4)]
        matches = []
        for unit in "_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT":
            matches += [*(f"{unit}={daemon}" for daemon in DAEMONS), *errors, "+"]
        for unit in "UNIT", "USER_UNIT":
            matches += [*(f"{unit}={daemon}" for daemon in DAEMONS), f"MESSAGE_ID={UNIT_FAILED}", "+"]

        entries = self.journal(*matches[:-1], after=self._last_complaint)
        if entries:
            self._last_complaint = entries[-1]["__CURSOR"]
        return [(f"{entry['SYSLOG_IDENTIFIER']}: {entry['MESSAGE']}", entry) for entry in entries if "ZEEK_STREAM" not in entry]

    def _history(self, entry):
        """What else systemd said of a unit that failed: which signal, for example."""
        if entry.get("MESSAGE_ID") != UNIT_FAILED:
            return ""
        unit = entry.get("UNIT") or entry["USER_UNIT"]
        said = self.journal(f"UNIT={unit}", "+", f"USER_UNIT={unit}", "--lines=20")
        return "".join(f"\n    {other['__REALTIME_TIMESTAMP']} {other['MESSAGE']}" for other in said)

    def _sanitizer_reports(self):
        reports = sanitizers.reports(self.lab)
        new = [report for report in reports if report not in self._reports_seen]
        self._reports_seen = reports
        return new

    def stop_daemons(self):
        """Ends the daemons, of the system and of users: a leak is reported when a process ends."""
        self.run(["systemctl", "stop", *DAEMONS, SOCKET, "user@*.service"], timeout=120)
