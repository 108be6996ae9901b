# SPDX-License-Identifier: BSD-3-Clause
"""Lines: how many a second, what they cost, and what a flood does to others."""

import re
import time
from collections import defaultdict

from figures import Bound, percentile
from rig import JOURNAL, NODE, SUPERVISOR

# What is found in every line that a node of the benchmark prints, and what is in none.
HIT = "script [0-9]+"
MISSES = [f"{word} (failed|lost|dropped) [0-9]+ of [0-9]+ {number}" for number in range(250) for word in ("packets", "peers", "logs", "events")]
MANY = 1000

HOOKS = "/etc/zeek-supervisor/hooks.d"


class Lines:
    """One node that prints flat out, against a sender that has nothing else to do."""

    name = "lines"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)

    def round(self):
        n = self.rig.scale.lines
        journal = self.rig.cpu(JOURNAL)
        self.seen["bare"].append(n / self.rig.measure("sender", "lines", n)["all"][0] * 1e9)
        self.seen["journal cpu bare"].append((self.rig.cpu(JOURNAL) - journal) / n)

        journal, supervisor = self.rig.cpu(JOURNAL), self.rig.cpu(SUPERVISOR)
        took = self.rig.run_lines("prints", n, "LinesForwarded")
        self.seen["ours"].append(n / took * 1e9)
        self.seen["journal cpu"].append((self.rig.cpu(JOURNAL) - journal) / n)
        self.seen["cpu"].append((self.rig.cpu(SUPERVISOR) - supervisor) / n)

    def table(self, table):
        table.section("Lines of 100 bytes of one node, to the journal")
        bare = table.row("a bare sender of the same entries", self.seen["bare"], "lines/s")
        table.row("the supervisor", self.seen["ours"], "lines/s", against=bare, bounds=[Bound("ratio", 0.95, at_least=True)])
        journal = table.row("CPU of journald for a line", self.seen["journal cpu"], "µs")
        table.row("  for one of the bare sender", self.seen["journal cpu bare"], "µs")
        table.row("CPU of the supervisor for a line", self.seen["cpu"], "µs", against=journal, bounds=[Bound("ratio", 0.25)])


class Patterns:
    """Lines that hooks suppress, with one rule and with many, against others who filter by the same patterns."""

    name = "patterns"

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)
        self.filters = systemd_version(rig) >= 253

    def round(self):
        n = 10 * self.rig.scale.lines
        for key, patterns in (("one", [HIT]), ("many", [*MISSES[: MANY - 1], HIT])):
            self.ours(key, patterns, n)
            if self.rig.has("s6-log"):
                self.s6_log(key, patterns, n if key == "one" else n // 500)
            if self.filters:
                self.journald(key, patterns, n // 20 if key == "one" else n // 500)

    def ours(self, key, patterns, n):
        for number, pattern in enumerate(patterns):
            self.rig.lab.write(f"{HOOKS}/{number:04}-bench.hook", f"[Hook]\nMatch={pattern}\nAction=suppress\n")
        self.rig.call("Reload")
        before = self.rig.cpu(SUPERVISOR)
        self.rig.run_lines("suppressed", n, "LinesSuppressed")
        self.seen[f"ours {key}"].append((self.rig.cpu(SUPERVISOR) - before) / n)
        self.rig.lab.run(f"rm {HOOKS}/*-bench.hook")
        self.rig.call("Reload")

    def s6_log(self, key, patterns, n):
        directives = " ".join(f"'-{pattern}'" for pattern in patterns)
        script = f"BENCH_LINES={n} BENCH_END=1 {NODE} | {{ TIMEFORMAT='%U %S'; time s6-log -b -- {directives} t /run/zeek-bench-log; }}"
        self.rig.lab.write("/run/zeek-bench-filter", script)
        times = self.rig.lab.run(["bash", "/run/zeek-bench-filter"], timeout=600).stderr.split()
        self.seen[f"s6-log {key}"].append(sum(map(float, times[-2:])) * 1e9 / n)

    def journald(self, key, patterns, n):
        """A service's output on its way through journald, which drops what its patterns match."""
        filters = "".join(f"LogFilterPatterns=~{pattern}\n" for pattern in patterns)
        unit = f"[Service]\nType=oneshot\nEnvironment=BENCH_LINES={n} BENCH_END=1\nExecStart={NODE}\nLogRateLimitIntervalSec=0\n{filters}"
        self.rig.lab.write("/etc/systemd/system/zeek-bench-filter.service", unit)
        self.rig.lab.run(["systemctl", "daemon-reload"])
        before = self.rig.cpu(JOURNAL)
        self.rig.lab.run(["systemctl", "start", "zeek-bench-filter"], timeout=600)
        self.rig.lab.run(["journalctl", "--sync"], timeout=600)
        self.seen[f"journald {key}"].append((self.rig.cpu(JOURNAL) - before) / n)

    def table(self, table):
        table.section("Lines that hooks suppress, CPU for each")
        one = table.row("the supervisor, one rule", self.seen["ours one"], "µs", bounds=[Bound("median", 0.333)])
        many = table.row(
            f"the supervisor, {MANY} rules", self.seen["ours many"], "µs", against=one, bounds=[Bound("ratio", 1.5)]
        )
        for key, count, ours in (("one", "one pattern", one), ("many", f"{MANY} patterns", many)):
            faster = [Bound("ratio", 1, at_least=True)]
            table.row(f"s6-log, {count}", self.seen[f"s6-log {key}"], "µs", against=ours, bounds=faster)
            table.row(f"LogFilterPatterns=, {count}", self.seen[f"journald {key}"], "µs", against=ours, bounds=faster)


class Flood:
    """Eight nodes that print without end, and what a caller and a quiet node notice of it."""

    name = "flood"
    nodes = 8

    def __init__(self, rig):
        self.rig = rig
        self.seen = defaultdict(list)

    def round(self):
        calls = 50 * self.rig.scale.repeats
        self.rig.create("bench0", BENCH_QUIET=20)
        for number in range(self.nodes):
            self.rig.create(f"flood{number}", BENCH_LINES=0)
        time.sleep(0.5)
        sender = self.rig.start("sender", "times", 100, 20)
        self.seen["status"] += self.rig.client("ask", calls)["reply"]
        self.rig.finish(sender)
        self.rig.destroy_all()
        self.rig.lab.run(["journalctl", "--sync"], timeout=120)
        self.seen["quiet"] += self.delays("bench0")
        self.seen["sender"] += self.delays("sender")

    def delays(self, node):
        """From what a line says of its own time to when journald took it."""
        fields = "--output-fields=MESSAGE,__MONOTONIC_TIMESTAMP"
        journal = ["journalctl", "--quiet", "--output=export", fields, f"ZEEK_NODE={node}", "--lines=200", "ZEEK_STREAM=stdout"]
        text = self.rig.lab.run(journal, timeout=120).stdout
        entries = re.findall(r"__MONOTONIC_TIMESTAMP=(\d+)\n(?:.*\n)*?MESSAGE=at (\d+)\n", text)
        return [1000 * int(stored) - int(printed) for stored, printed in entries]

    def table(self, table):
        table.section(f"While {self.nodes} nodes print flat out")
        table.row("Status of one node", self.seen["status"], bounds=[Bound("p99", 10)])
        sender = table.row("a line of a bare sender, until journald has it", self.seen["sender"])
        limit = round(percentile(sender.scaled(), 0.99) + 50, 1) if sender.samples else 50
        table.row("a line of a ninth node, until journald has it", self.seen["quiet"], bounds=[Bound("p99", limit)])


def systemd_version(rig):
    return int(rig.lab.run(["systemctl", "--version"]).stdout.split()[1])
